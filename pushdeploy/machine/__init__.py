"""What the story needs of a machine, as protocols; the real things are handed in."""
