"""What people outside the database receive: workbook, tables, bulletin, site."""
