"""What a month's assessment is about: its rules, its figures and what is wrong with its input."""
