"""The release phase: one table, and a row each time."""

import os

import psycopg

if "DATABASE_URL" in os.environ:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text)")
        connection.execute("INSERT INTO notes (text) VALUES (%s)", ["größe ✓"])
    print("schema: one row more")
