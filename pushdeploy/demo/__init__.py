"""The demo: a server and a laptop in one folder."""
