"""The journal of all runs (SQLite) and the notebooks made of it (nbformat)."""
