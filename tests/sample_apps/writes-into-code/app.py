"""Keeps its database beside its code."""

import sqlite3
from pathlib import Path

database = sqlite3.connect(Path(__file__).resolve().parent / "app.db")
database.execute("CREATE TABLE IF NOT EXISTS visits (path TEXT)")


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
