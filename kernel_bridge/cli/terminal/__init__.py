"""Everything that is shown in a terminal."""
