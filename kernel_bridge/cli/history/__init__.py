"""`history` and `export`: what ran before."""
