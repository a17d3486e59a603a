"""Makes owners, groups and modes as the list in `pushdeploy/model/ownership.py` says.

Parents come first: once a folder is root's, nobody else changes what is in it.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.model.ownership import Kind
from pushdeploy.system.owned_tree import (
    ANY_MODE,
    DEEPEST,
    Owner,
    Tree,
    give,
    has_sign,
    opened,
    set_mode,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.model.ownership import Owned

KINDS = {
    Kind.FOLDER: stat.S_ISDIR,
    Kind.FILE: stat.S_ISREG,
    Kind.LINK: stat.S_ISLNK,
    Kind.SOCKET: stat.S_ISSOCK,
}


@dataclass(slots=True)
class Findings:
    """What was done, in words, and what could not be."""

    made: list[str] = field(default_factory=list)
    """What was missing."""
    did: list[str] = field(default_factory=list)
    """What was fixed."""
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


def set_right(owned: Iterable[Owned], *, deep: bool = False) -> Findings:
    """Make it so; doing it twice changes nothing more.

    Args:
        owned: the lines, parents first.
        deep: look at everything in folders, not only at their signs.
    """
    findings = Findings()
    refused: set[Path] = set()
    user, group = cache(_user), cache(_group)
    for line in owned:
        owner = Owner(user(line.user), group(line.group))
        names: dict[int, int] = {}
        for path in _expanded(line.path):
            if refused.isdisjoint(path.parents):
                try:
                    _set_right(line, path, owner, findings, names, deep=deep)
                except _NotOursError as error:
                    refused.add(path)
                    if path == line.path:
                        findings.refused.append(str(error))
        if names:
            left = f"left {len(names)} files in `{line.path}` alone: they have names elsewhere"
            findings.left.append(left)
    return findings


class _NotOursError(PushdeployError):
    """Something of another kind has the place; what a pattern finds may be anybody's."""


def _set_right(
    line: Owned,
    path: Path,
    owner: Owner,
    findings: Findings,
    names: dict[int, int],
    *,
    deep: bool,
) -> None:
    """One path; `names` are those of files with several, over all paths of the line."""
    made = line.made and _make(line, path)
    with opened(path) as descriptor:
        if descriptor is None:
            return
        found = os.fstat(descriptor)
        if not KINDS[line.kind](found.st_mode):
            raise _NotOursError(f"`{path}` should be a {line.kind} of pushdeploy's but is not")
        if line.having and not _has(descriptor, line.having):
            return
        was_right = _is_right(line, owner, found)
        if not was_right:
            if found.st_nlink > 1 and line.kind is Kind.FILE:
                raise _NotOursError(f"`{path}` has another name elsewhere: whose is it?")
            give(descriptor, owner)
            if line.mode is not None:
                set_mode(descriptor, line.mode)
        tree = Tree(found.st_dev, names=names)
        inside = None if made else line.contents
        if inside and (deep or not was_right or has_sign(descriptor, inside, owner)):
            walk(descriptor, inside, owner, tree)
    if made:
        findings.made.append(f"made {path}")
    else:
        findings.did += _told(path, line, tree, changed=not was_right)
    findings.left += _left(path, tree)


def _told(path: Path, line: Owned, tree: Tree, *, changed: bool) -> list[str]:
    if not changed and not tree.changed:
        return []
    inside = f" and {tree.changed} in it" if tree.changed else ""
    what = f"{path}{inside}" if changed else f"{tree.changed} in {path}"
    mode = "" if line.mode is None or not changed else f", mode {line.mode:04o}"
    return [f"set the owner of {what}: {line.user}:{line.group}{mode}"]


def _left(path: Path, tree: Tree) -> list[str]:
    left = []
    if tree.too_deep:
        left.append(f"left folders in `{path}` alone that lie deeper than {DEEPEST}")
    return left


def _has(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


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


def _is_right(line: Owned, owner: Owner, found: os.stat_result) -> bool:
    if (found.st_uid, found.st_gid) != (owner.user, owner.group):
        return False
    return line.mode is None or found.st_mode & ANY_MODE == line.mode


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
