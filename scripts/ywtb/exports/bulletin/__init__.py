"""The bulletin as a Word document and as PDF."""
