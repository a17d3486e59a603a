"""Databases of apps on the same server."""
