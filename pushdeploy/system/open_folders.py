"""Walks folders that others fill, by open folders: no link is followed, and nothing makes us wait.

os.fwalk (os) calls itself for each folder in a folder, and raises RecursionError for some
thousand; and what is a folder as it looks may be a FIFO as it opens it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pushdeploy.system.owned_tree import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Folder = tuple[str, list[str], int]
"""Its path below the top, the names in it that are no folders, and itself, open meanwhile."""


def open_folders(top: Path) -> Iterator[Folder]:
    """Each folder, from the top down to `DEEPEST`; none if the top is not there, or a link."""
    try:
        descriptor = os.open(top, FOLDER)
    except OSError:
        return
    try:
        yield from _below(descriptor, "", 1)
    finally:
        os.close(descriptor)


def _below(folder: int, path: str, depth: int) -> Iterator[Folder]:
    folders: list[str] = []
    others: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            (folders if is_folder else others).append(entry.name)
    yield path, others, folder
    for name in folders if depth < DEEPEST else ():
        try:
            inside = os.open(name, FOLDER, dir_fd=folder)
        except OSError:  # it is gone, or is something else by now
            continue
        try:
            yield from _below(inside, f"{path}/{name}".lstrip("/"), depth + 1)
        finally:
            os.close(inside)
