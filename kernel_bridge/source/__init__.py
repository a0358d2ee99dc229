"""What to run: from a document and a place in it to code (pure, only the standard library)."""
