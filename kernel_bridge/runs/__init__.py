"""Runs and their outputs: pure and synchronous, only the standard library (no clock, no I/O)."""
