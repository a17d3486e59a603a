"""Commands: one file a noun, and what they have in common."""
