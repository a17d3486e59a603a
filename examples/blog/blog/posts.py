"""Posts, and what may be one."""

import sqlite3
from dataclasses import dataclass

from blog import database

LONGEST_TITLE = 120
LONGEST_BODY = 20_000
PER_PAGE = 10
# SQLite's largest integer.
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed."""

    title: str = ""
    body: str = ""

    @classmethod
    def typed(cls, title: str, body: str) -> "Draft":
        """A draft from form fields: one line of title, and line ends as they are stored."""
        lines = (line.rstrip() for line in body.splitlines())
        return cls(title=" ".join(title.split()), body="\n".join(lines).strip())

    def problems(self) -> dict[str, str]:
        """What is wrong, by field; empty when it can be published."""
        limits = {"title": (self.title, LONGEST_TITLE), "body": (self.body, LONGEST_BODY)}
        found = {}
        for field, (text, longest) in limits.items():
            if not text:
                found[field] = f"A post needs a {'title' if field == 'title' else 'text'}."
            elif len(text) > longest:
                found[field] = f"At most {longest:,} characters; this has {len(text):,}."
        return found


def publish(connection: sqlite3.Connection, draft: Draft) -> int:
    """Store a draft as a post and return its number."""
    with database.write(connection):
        return connection.execute(
            "INSERT INTO posts (title, body) VALUES (?, ?) RETURNING id",
            (draft.title, draft.body),
        ).fetchone()["id"]


def page(connection: sqlite3.Connection, before: int) -> tuple[list[sqlite3.Row], bool]:
    """The newest posts before a number, and whether there are older ones."""
    rows = connection.execute(
        "SELECT * FROM posts WHERE id < ? ORDER BY id DESC LIMIT ?",
        (max(0, min(before, LARGEST_NUMBER)), PER_PAGE + 1),
    ).fetchall()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def find(connection: sqlite3.Connection, number: int) -> sqlite3.Row | None:
    """The post with this number."""
    return connection.execute("SELECT * FROM posts WHERE id = ?", (number,)).fetchone()
