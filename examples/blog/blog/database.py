"""Connections to the SQLite file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
# Two releases, several workers and a counter share the file: a writer waits for its turn.
BUSY_TIMEOUT_SECONDS = 5


def path() -> Path:
    """`$DATABASE`, or `instance/blog.sqlite` beside the code, which outlives a deploy."""
    return Path(os.environ.get("DATABASE") or CODE / "instance" / "blog.sqlite").absolute()


def connect(*, create: bool = False) -> sqlite3.Connection:
    """Open the database; only the schema creates it, so that a wrong path is an error.

    Statements commit by themselves; `write` makes a transaction.
    """
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{path().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
    )
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def write(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that waits for the write lock before it does anything."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
