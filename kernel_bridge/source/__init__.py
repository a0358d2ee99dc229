"""Finds the code to run for a place in a document (pure, standard library only)."""
