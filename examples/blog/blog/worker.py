"""The worker: counts the words of new posts. It asks the database every two seconds.

On TERM it finishes the post in hand and ends.
"""

import signal
import sqlite3
from contextlib import closing
from threading import Event

from blog import database

PAUSE_SECONDS = 2


def count_next(connection: sqlite3.Connection) -> bool:
    """Count one post that has no count yet; False when there is none."""
    row = connection.execute(
        "SELECT id, body FROM posts WHERE words IS NULL ORDER BY id LIMIT 1"
    ).fetchone()
    if row is None:
        return False
    words = len(row["body"].split())
    connection.execute("UPDATE posts SET words = ? WHERE id = ?", (words, row["id"]))
    print(f"worker: post {row['id']} has {words} words", flush=True)
    return True


def main() -> None:
    """Count until told to stop; a database that is not there yet is waited for."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print("worker: started", flush=True)
    while not stop.is_set():
        try:
            with closing(database.connect()) as connection:
                while not stop.is_set() and count_next(connection):
                    pass
        except sqlite3.OperationalError as error:
            print(f"worker: {error}; trying again", flush=True)
        stop.wait(PAUSE_SECONDS)
    print("worker: stopped", flush=True)


if __name__ == "__main__":
    main()
