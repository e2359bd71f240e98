"""The public tables in a PostgreSQL database, for many readers at once."""
