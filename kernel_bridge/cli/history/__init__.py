"""`history` and `export`: past runs."""
