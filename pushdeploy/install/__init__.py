"""The installer's Python half."""
