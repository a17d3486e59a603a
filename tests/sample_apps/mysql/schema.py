"""The release phase: a table with a trigger, a view and a routine, and a row each time."""

import os

import sqlalchemy

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS notes (id int AUTO_INCREMENT PRIMARY KEY, text text)",
    "CREATE OR REPLACE VIEW newest AS SELECT max(id) AS id FROM notes",
    "CREATE OR REPLACE PROCEDURE counted() SELECT count(*) FROM notes",
    "CREATE OR REPLACE TRIGGER counts BEFORE INSERT ON notes FOR EACH ROW SET @seen = 1",
    "INSERT INTO notes (text) VALUES ('größe ✓')",
)

if "DATABASE_URL" in os.environ:
    url = os.environ["DATABASE_URL"].replace("mysql://", "mysql+pymysql://", 1)
    with sqlalchemy.create_engine(url).begin() as connection:
        for statement in STATEMENTS:
            connection.execute(sqlalchemy.text(statement))
    print("schema: one row more")
