"""The annexes as a workbook."""
