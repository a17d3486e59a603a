"""What runs as an app: copies its SQLite files, each as one moment has it, also under writes.

Two arguments: the folder that is looked through, and an empty one for the copies, which get the
same paths in it. Standard library only. What could not be copied is printed, a line each, and is
then taken as it is. A file that is written by its rollback journal is not written meanwhile: its
writers wait for as long as it takes to read it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

MAGIC = b"SQLite format 3\0"
SMALLEST = 512
"""Bytes of one page."""

WAIT_SECONDS = 30.0
"""For a writer that holds the file."""


def main() -> int:
    """Run from the command line of a job."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    os.umask(0o077)
    for folder, folders, names in os.walk(source, onerror=lambda _: None):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if _is_database(path):
                _copy(path, target / path.relative_to(source))
    return 0


def _is_database(path: Path) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size < SMALLEST:
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _copy(path: Path, copy: Path) -> None:
    """One read transaction; without the last page, which a killed copy lacks, nothing counts."""
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        address = f"{path.resolve().as_uri()}?mode=rw"
        with (
            closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS)) as found,
            closing(sqlite3.connect(copy)) as made,
        ):
            found.backup(made)
        copy.chmod(stat.S_IMODE(path.lstat().st_mode))
    except (OSError, ValueError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        sys.stdout.write(f"{path}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
