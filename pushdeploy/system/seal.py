"""Seal: what a build has made in a folder becomes nobody's to change.

The folder is walked by open folders, no link in it is followed, and nothing is copied. What can't
be sealed is refused: all that is neither file, folder nor link, a file with a name elsewhere, and
more than anybody needs.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.system.owned_tree import DEEPEST, Owner, give, opened, set_mode

if TYPE_CHECKING:
    from pathlib import Path

MOST_FILES = 500_000
"""Files and folders; a front end's packages are some ten thousand."""

FOLDERS, FILES = 0o750, 0o440
"""What each has at least."""

FORBIDDEN = 0o027
"""What none has: nginx gets its folders opened afterwards."""

PERMISSIONS = 0o777


@dataclass(slots=True)
class _Walk:
    """One walk."""

    owner: Owner
    device: int
    left: int
    names: dict[int, int] = field(default_factory=dict)
    """Files of which not all names were seen: how many are missing, by number (inode(7))."""


def seal(folder: Path, owner: Owner, most: int = MOST_FILES) -> None:
    """Give all of a folder to its owner, whose group reads it and nobody else.

    No process of whoever has written it may run any more.

    Raises:
        RefusedInputError: something in it can't be sealed.
    """
    with opened(folder) as top:
        if top is None or not stat.S_ISDIR(os.fstat(top).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        found = os.fstat(top)
        walk = _Walk(owner, found.st_dev, most)
        _take(top, found, walk)
        _walk(top, walk)
    if walk.names:
        raise _refused("a file that has another name outside of the code")


def _walk(top: int, walk: _Walk) -> None:
    open_now = [os.dup(top)]
    names = [_listing(open_now[0])]
    try:
        while open_now:
            if not names[-1]:
                names.pop()
                os.close(open_now.pop())
                continue
            inside = _visit(open_now[-1], names[-1].pop(), walk)
            if inside is None:
                continue
            open_now.append(inside)
            if len(open_now) > DEEPEST:
                raise _refused(f"folders that lie deeper than {DEEPEST}")
            names.append(_listing(inside))
    finally:
        for one in open_now:
            os.close(one)


def _visit(folder: int, name: str, walk: _Walk) -> int | None:
    """One name; returns the folder of that name, open."""
    walk.left -= 1
    if walk.left < 0:
        raise _refused("too many files")
    with opened(name, folder) as descriptor:
        if descriptor is None:
            return None
        found = os.fstat(descriptor)
        _take(descriptor, found, walk)
        return os.dup(descriptor) if stat.S_ISDIR(found.st_mode) else None


def _take(descriptor: int, found: os.stat_result, walk: _Walk) -> None:
    """Owner and mode of one thing that is open by its path alone."""
    mode = found.st_mode
    if found.st_dev != walk.device:
        raise _refused("another disk")
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise _refused("something that is neither a file, a folder nor a link")
    if not stat.S_ISDIR(mode) and found.st_nlink > 1:
        _count_name(found, walk)
    give(descriptor, walk.owner)
    if not stat.S_ISLNK(mode):
        least = FOLDERS if stat.S_ISDIR(mode) else FILES
        set_mode(descriptor, (mode & PERMISSIONS | least) & ~FORBIDDEN)


def _count_name(found: os.stat_result, walk: _Walk) -> None:
    missing = walk.names.pop(found.st_ino, found.st_nlink) - 1
    if missing:
        walk.names[found.st_ino] = missing


def _listing(folder: int) -> list[str]:
    readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.listdir(readable)
    finally:
        os.close(readable)


def _refused(what: str) -> RefusedInputError:
    return RefusedInputError(
        f"a build step has left {what}, which no release can have",
        hint="fix the build step, commit, and push again",
    )


def is_plain_folder(root: Path, relative: str) -> bool:
    """Whether a path below a folder leads to a folder by folders alone, not by a link."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(root, flags)
    except OSError:
        return False
    try:
        for name in relative.split("/"):
            try:
                below = os.open(name, flags, dir_fd=descriptor)
            except OSError:
                return False
            os.close(descriptor)
            descriptor = below
        return True
    finally:
        os.close(descriptor)
