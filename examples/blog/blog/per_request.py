"""One database connection per request."""

import sqlite3

from flask import g

from blog import database


def connection() -> sqlite3.Connection:
    """The connection of this request; opened at its first use."""
    if "database" not in g:
        g.database = database.connect()
    return g.database


def close(_error: BaseException | None = None) -> None:
    """Close the connection of this request, if it opened one."""
    if opened := g.pop("database", None):
        opened.close()
