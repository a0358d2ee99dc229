"""Moves a followed kernel between two processes: what they say to each other, and how they meet."""
