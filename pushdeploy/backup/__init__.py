"""Backups of the whole server, and what brings an app or all of it back."""
