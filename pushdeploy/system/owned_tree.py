"""Sets owners and modes right in a folder that its owner writes into.

It is walked by open folders, and a link in it is never followed. A file with a name elsewhere (a
hard link) may be somebody else's, and is left alone.
"""

from __future__ import annotations

import ctypes
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushdeploy.model.ownership import Contents

DEEPEST = 256
"""Folders in a folder; each is open while it is walked."""

AT_EMPTY_PATH = 0x1000
"""The file that is open itself (fchownat(2)); Python has no name for it."""

ANY_MODE = 0o7777
PERMISSIONS = 0o777
"""Without set-user-id and its like, which nothing of ours has."""

FOLDER_MODE = 0o3777
"""A folder's set-group-id hands its group on to what is made in it."""


@dataclass(slots=True)
class Owner:
    """The numbers of a line."""

    user: int
    group: int


@dataclass(slots=True)
class Tree:
    """One walk."""

    device: int
    """The disk that it stays on."""
    changed: int = 0
    too_deep: int = 0
    """Folders that were not looked into."""
    names: dict[int, int] = field(default_factory=dict)
    """Files of which not all names were seen: how many were, by their number (inode(7))."""


@contextmanager
def opened(path: Path | str, folder: int | None = None) -> Iterator[int | None]:
    """Open what is there, a link itself too, without reading it; `None` when nothing is."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def has_sign(folder: int, contents: Contents, owner: Owner) -> bool:
    """True when one of the few files that are looked at first belongs to somebody else."""
    return any(
        not _belongs(found, contents, owner)
        for sign in contents.signs
        for found in _matching(folder, sign)
    )


def walk(folder: int, contents: Contents, owner: Owner, tree: Tree) -> None:
    """Fix all that is in an open folder. Only the folders on the way are open at a time."""
    open_now = [os.dup(folder)]
    left = [_listing(folder)]
    try:
        while open_now:
            if not left[-1]:
                left.pop()
                os.close(open_now.pop())
                continue
            inside = _visit(open_now[-1], left[-1].pop(), contents, owner, tree)
            if inside is not None and len(open_now) < DEEPEST:
                open_now.append(inside)
                left.append(_listing(inside))
            elif inside is not None:
                os.close(inside)
                tree.too_deep += 1
    finally:
        for one in open_now:
            os.close(one)


def give(descriptor: int, owner: Owner) -> None:
    """Set user and group, also of a link, which is open by its path alone (open(2), O_PATH)."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.fchownat(descriptor, b"", owner.user, owner.group, AT_EMPTY_PATH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def set_mode(descriptor: int, mode: int) -> None:
    """Set the mode of what is open by its path alone."""
    os.chmod(f"/proc/self/fd/{descriptor}", mode)  # noqa: PTH101 - the open file, not a name


def _matching(folder: int, pattern: str) -> Iterator[os.stat_result]:
    """What lies below an open folder under these names, of which `*` stands for any."""
    name, _, rest = pattern.partition("/")
    for found in _names(folder, name):
        with opened(found, folder) as descriptor:
            if descriptor is not None and rest:
                if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                    yield from _matching(descriptor, rest)
            elif descriptor is not None:
                yield os.fstat(descriptor)


def _names(folder: int, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    return [name for name in _listing(folder) if name[0] != "." and fnmatchcase(name, pattern)]


def _listing(folder: int) -> list[str]:
    """The names in a folder that is open by its path alone; none of one that is not a folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            return os.listdir(readable)
        finally:
            os.close(readable)
    return []


def _belongs(found: os.stat_result, contents: Contents, owner: Owner) -> bool:
    if found.st_uid != owner.user or (contents.group and found.st_gid != owner.group):
        return False
    return stat.S_ISLNK(found.st_mode) or _mode(found, contents) == found.st_mode & ANY_MODE


def _mode(found: os.stat_result, contents: Contents) -> int:
    """The mode that it should have, by the one that it has."""
    mode = found.st_mode & ANY_MODE
    if stat.S_ISDIR(found.st_mode):
        return (mode | contents.folders) & ~contents.forbidden
    if stat.S_ISREG(found.st_mode):
        return (mode | contents.files) & ~contents.forbidden
    return mode


def _visit(folder: int, name: str, contents: Contents, owner: Owner, tree: Tree) -> int | None:
    """One name; returns the folder of that name, open."""
    with opened(name, folder) as descriptor:
        if descriptor is None:
            return None
        found = os.fstat(descriptor)
        if found.st_dev != tree.device:
            return None
        if not _belongs(found, contents, owner) and _all_names_are_here(found, tree):
            give(descriptor, owner)
            if not stat.S_ISLNK(found.st_mode):
                keep = FOLDER_MODE if stat.S_ISDIR(found.st_mode) else PERMISSIONS
                set_mode(descriptor, _mode(found, contents) & keep)
            tree.changed += 1
        return os.dup(descriptor) if stat.S_ISDIR(found.st_mode) else None


def _all_names_are_here(found: os.stat_result, tree: Tree) -> bool:
    """Of a file with several names: whether this is the last of them, and all were in this tree."""
    if stat.S_ISDIR(found.st_mode) or found.st_nlink == 1:
        return True
    seen = tree.names.pop(found.st_ino, 0) + 1
    if seen == found.st_nlink:
        return True
    tree.names[found.st_ino] = seen
    return False
