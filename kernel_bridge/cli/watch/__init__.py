"""`kernel-bridge watch`."""
