"""Says how many rows there are, and who it is to PostgreSQL."""

import os

import psycopg


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    url = os.environ.get("DATABASE_URL")
    if url is None:
        return [b"no database\n"]
    with psycopg.connect(url) as connection:
        rows, user = connection.execute("SELECT count(*), current_user FROM notes").fetchone()
    return [f"rows={rows} user={user}\n".encode()]
