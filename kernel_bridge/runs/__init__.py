"""Runs and their outputs: pure and synchronous, standard library only (no clock, no I/O)."""
