"""Watching: what hangs, what crash-loops, and what is not as the records say."""
