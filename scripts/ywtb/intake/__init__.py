"""The month's files: an empty workbook to fill in, and the intake of what comes back."""
