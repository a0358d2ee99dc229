"""`kernel-bridge run`."""
