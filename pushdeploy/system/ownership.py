"""Makes owners, groups and modes as the list in `pushdeploy/model/ownership.py` says.

Parents come first: once a folder is root's, nobody else changes what is in it. A folder that its
owner writes into is walked by open folders, and a link in it is never followed. A file with a name
elsewhere (a hard link) may be somebody else's, and is left alone.
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.ownership import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pushdeploy.model.ownership import Contents, Owned

KINDS = {
    Kind.FOLDER: stat.S_ISDIR,
    Kind.FILE: stat.S_ISREG,
    Kind.LINK: stat.S_ISLNK,
    Kind.SOCKET: stat.S_ISSOCK,
}

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
class Findings:
    """What was done, in words, and what could not be."""

    made: list[str] = field(default_factory=list)
    """What was missing."""
    did: list[str] = field(default_factory=list)
    """What was set right."""
    left: list[str] = field(default_factory=list)
    """What may be somebody else's, and was left alone."""
    refused: list[str] = field(default_factory=list)
    """What has the place of something of ours."""

    def __add__(self, other: Findings) -> Findings:
        """Both."""
        return Findings(
            self.made + other.made,
            self.did + other.did,
            self.left + other.left,
            self.refused + other.refused,
        )


@dataclass(slots=True)
class _Tree:
    """One walk."""

    device: int
    """The disk that it stays on."""
    changed: int = 0
    too_deep: int = 0
    """Folders that were not looked into."""
    names: dict[int, int] = field(default_factory=dict)
    """Files of which not all names were seen: how many were, by their number (inode(7))."""


def set_right(owned: Iterable[Owned], *, deep: bool = False) -> Findings:
    """Make it so; twice is once.

    Args:
        owned: the lines, parents first.
        deep: look at everything in folders, not only at their signs.
    """
    findings = Findings()
    refused: set[Path] = set()
    user, group = cache(_user), cache(_group)
    for line in owned:
        owner = Owner(user(line.user), group(line.group))
        for path in _expanded(line.path):
            if refused.isdisjoint(path.parents):
                try:
                    _set_right(line, path, owner, findings, deep=deep)
                except _NotOursError as error:
                    refused.add(path)
                    if path == line.path:
                        findings.refused.append(str(error))
    return findings


class _NotOursError(Exception):
    """Something of another kind has the place; what a pattern finds may be anybody's."""


def _set_right(line: Owned, path: Path, owner: Owner, findings: Findings, *, deep: bool) -> None:
    made = line.made and _make(line, path)
    with _opened(path) as descriptor:
        if descriptor is None:
            return
        found = os.fstat(descriptor)
        if not KINDS[line.kind](found.st_mode):
            raise _NotOursError(f"`{path}` should be a {line.kind} of ours and is not")
        was_right = _is_right(line, owner, found)
        if not was_right:
            if found.st_nlink > 1 and line.kind is Kind.FILE:
                raise _NotOursError(f"`{path}` has another name elsewhere: whose is it?")
            _give(descriptor, owner)
            if line.mode is not None:
                _set_mode(descriptor, line.mode)
        tree = _Tree(found.st_dev)
        inside = None if made else line.contents
        if inside and (deep or not was_right or _has_sign(descriptor, inside, owner)):
            _walk(descriptor, inside, owner, tree)
    if made:
        findings.made.append(f"made {path}")
    else:
        findings.did += _told(path, line, tree, changed=not was_right)
    findings.left += _left(path, tree)


def _told(path: Path, line: Owned, tree: _Tree, *, changed: bool) -> list[str]:
    if not changed and not tree.changed:
        return []
    inside = f" and {tree.changed} in it" if tree.changed else ""
    what = f"{path}{inside}" if changed else f"{tree.changed} in {path}"
    mode = "" if line.mode is None or not changed else f", mode {line.mode:04o}"
    return [f"set the owner of {what}: {line.user}:{line.group}{mode}"]


def _left(path: Path, tree: _Tree) -> list[str]:
    left = []
    if tree.names:
        left.append(f"left {len(tree.names)} files in `{path}` alone: they have names elsewhere")
    if tree.too_deep:
        left.append(f"left folders in `{path}` alone that lie deeper than {DEEPEST}")
    return left


def _make(line: Owned, path: Path) -> bool:
    """Make it, open to nobody yet; False when something is there."""
    try:
        if line.kind is Kind.FOLDER:
            path.mkdir(mode=0o700)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        return False
    return True


@contextmanager
def _opened(path: Path | str, folder: int | None = None) -> Iterator[int | None]:
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


def _is_right(line: Owned, owner: Owner, found: os.stat_result) -> bool:
    if (found.st_uid, found.st_gid) != (owner.user, owner.group):
        return False
    return line.mode is None or found.st_mode & ANY_MODE == line.mode


def _has_sign(folder: int, contents: Contents, owner: Owner) -> bool:
    return any(
        not _belongs(found, contents, owner)
        for sign in contents.signs
        for found in _matching(folder, sign)
    )


def _matching(folder: int, pattern: str) -> Iterator[os.stat_result]:
    """What lies below an open folder under these names, of which `*` stands for any."""
    name, _, rest = pattern.partition("/")
    for found in _names(folder, name):
        with _opened(found, folder) as descriptor:
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
    """The names in a folder that is open by its path alone; none of one that is no folder."""
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


def _walk(folder: int, contents: Contents, owner: Owner, tree: _Tree) -> None:
    """Set right all that is in an open folder. Only the folders on the way are open at a time."""
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


def _visit(folder: int, name: str, contents: Contents, owner: Owner, tree: _Tree) -> int | None:
    """One name; returns the folder of that name, open."""
    with _opened(name, folder) as descriptor:
        if descriptor is None:
            return None
        found = os.fstat(descriptor)
        if found.st_dev != tree.device:
            return None
        if not _belongs(found, contents, owner) and _all_names_are_here(found, tree):
            _give(descriptor, owner)
            if not stat.S_ISLNK(found.st_mode):
                keep = FOLDER_MODE if stat.S_ISDIR(found.st_mode) else PERMISSIONS
                _set_mode(descriptor, _mode(found, contents) & keep)
            tree.changed += 1
        return os.dup(descriptor) if stat.S_ISDIR(found.st_mode) else None


def _all_names_are_here(found: os.stat_result, tree: _Tree) -> bool:
    """Of a file with several names: whether this is the last of them, and all were in this tree."""
    if stat.S_ISDIR(found.st_mode) or found.st_nlink == 1:
        return True
    seen = tree.names.pop(found.st_ino, 0) + 1
    if seen == found.st_nlink:
        return True
    tree.names[found.st_ino] = seen
    return False


def _give(descriptor: int, owner: Owner) -> None:
    """Also of a link, which can't be opened but by its path (open(2), O_PATH)."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.fchownat(descriptor, b"", owner.user, owner.group, AT_EMPTY_PATH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _set_mode(descriptor: int, mode: int) -> None:
    os.chmod(f"/proc/self/fd/{descriptor}", mode)  # noqa: PTH101 - the open file, not a name


def _expanded(path: Path) -> list[Path]:
    """The paths that a line is about: of its last parts, each with a `*` is a pattern."""
    fixed = next((index for index, part in enumerate(path.parts) if "*" in part), None)
    if fixed is None:
        return [path]
    found = [Path(*path.parts[:fixed])]
    for part in path.parts[fixed:]:
        found = [one / name for one in found for name in _names_in(one, part)]
    return found


def _names_in(folder: Path, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if name[0] != "." and fnmatchcase(name, pattern))


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise _missing("user", name) from None


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise _missing("group", name) from None


def _missing(kind: str, name: str) -> UnavailableError:
    return UnavailableError(f"the {kind} `{name}` is missing", hint="sudo pushdeploy reconcile")
