"""The history: a journal of all runs (SQLite), and the notebooks exported from it (nbformat)."""
