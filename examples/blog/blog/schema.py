"""The tables, as steps. `python -m blog.schema` applies those that are missing.

While a new release starts, the old one still serves with the same database, and a rollback brings
old code back to it. So a step only adds: a table, or a column that may be empty or has a default.
What no release uses any more is dropped a few releases later.
"""

import sqlite3
from contextlib import closing

from blog import database

NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

STEPS = {
    "posts": f"""
        CREATE TABLE posts (
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            written_at TEXT NOT NULL DEFAULT ({NOW})
        )
    """,
    "word counts": "ALTER TABLE posts ADD COLUMN words INTEGER",
}


def missing(connection: sqlite3.Connection) -> list[str]:
    """Names of the steps that this code needs and the database lacks, in order."""
    table = "SELECT 1 FROM sqlite_schema WHERE name = 'migrations'"
    if connection.execute(table).fetchone() is None:
        return list(STEPS)
    done = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
    return [name for name in STEPS if name not in done]


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Apply what is missing, all or nothing; of two that try at once, the second finds it done."""
    connection.execute("PRAGMA journal_mode = WAL")
    with database.write(connection):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            f" (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT ({NOW}))"
        )
        applied = missing(connection)
        for name in applied:
            connection.execute(STEPS[name])
            connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
    return applied


def main() -> None:
    """Create or update the database, and say what was done."""
    database.path().parent.mkdir(parents=True, exist_ok=True)
    with closing(database.connect(create=True)) as connection:
        applied = migrate(connection)
    print(f"schema: added {', '.join(applied)}" if applied else "schema: up to date")


if __name__ == "__main__":
    main()
