"""Says how many rows there are, and who it is to MariaDB."""

import os

import sqlalchemy


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    url = os.environ.get("DATABASE_URL")
    if url is None:
        return [b"no database\n"]
    engine = sqlalchemy.create_engine(url.replace("mysql://", "mysql+pymysql://", 1))
    with engine.connect() as connection:
        asked = sqlalchemy.text("SELECT count(*), user() FROM notes")
        rows, user = connection.execute(asked).one()
    return [f"rows={rows} user={user}\n".encode()]
