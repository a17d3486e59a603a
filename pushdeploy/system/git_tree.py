"""What the tree of a commit holds, what differs, and writing it out; by git. Imports little.

Both who receives a push and who checks it out look here, and refuse by the same limits.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pushdeploy.errors import CommandFailedError, RefusedInputError
from pushdeploy.model.tracked_file import PLAIN_MODES
from pushdeploy.system.command import run
from pushdeploy.system.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pushdeploy.system.command import Command
    from pushdeploy.system.git_program import Git

NUL = b"\0"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""Of a folder, that can be typed without quotes."""
LISTING_LIMIT = 64 << 20
"""Bytes of names and facts: as many files as we take, with long paths."""

MOST_NAMES = 300_000
"""Files and folders that are listed: more than we take."""

LONGEST_NAME = 1 << 16
LISTING_SECONDS = 120.0
WRITING_SECONDS = 300.0
"""A tree of hundreds of megabytes on a slow disk."""

ATTRIBUTES = ".gitattributes"
"""Says how git writes the files beside it: line ends, keywords (gitattributes(5))."""


class Entry(NamedTuple):
    """One line of `git ls-tree`. A tuple, since there may be tens of thousands."""

    mode: str
    kind: str
    id: str
    size: int
    path: str


def entries(git: Git, commit: str, live: str = "") -> list[Entry]:
    """Every file of a commit.

    Sizes are what takes git long. A file that the `live` commit has too is linked from its slug and
    needs no room on the disk, so its size is not asked for: it is 0.

    Raises:
        RefusedInputError: there are too many names.
    """
    if not live:
        return list(_entries(git, commit, "-l"))
    found = list(_entries(git, commit))  # first: git compares all in its memory
    try:
        paths = changed(git, live, commit)
    except CommandFailedError:  # the live commit may be gone
        return list(_entries(git, commit, "-l"))
    if changes_attributes(paths):
        return list(_entries(git, commit, "-l"))
    sizes = _sizes(git, {one.id for one in found if one.path in paths and one.kind == "blob"})
    return [one._replace(size=sizes[one.id]) if one.id in sizes else one for one in found]


def files(git: Git, commit: str) -> dict[str, bool]:
    """Every path of a commit; True for a plain file, False for a link.

    Raises:
        RefusedInputError: there are too many names.
    """
    return {one.path: one.mode in PLAIN_MODES for one in _entries(git, commit)}


def changed(git: Git, before: str, after: str) -> set[str]:
    """Every path, folders too, in which two commits differ by content or mode.

    Raises:
        CommandFailedError: git can't tell.
        RefusedInputError: there are too many.
    """
    options = ("-r", "-t", "-z", "--name-only", "--no-renames")
    return set(_bounded(git("diff-tree", *options, before, after))) - {""}


def changes_attributes(paths: Collection[str]) -> bool:
    """True when files may be written in another way though they did not change."""
    return any(path.rpartition("/")[2] == ATTRIBUTES for path in paths)


def content(git: Git, entry: Entry, limit: int) -> bytes:
    """A file's content, or where a link leads to: the first `limit` bytes of it."""
    line = git("cat-file", "blob", entry.id)
    never = os.urandom(32)  # a NUL may be the last byte of UTF-16
    with closing(pieces(line, separator=never, seconds=LISTING_SECONDS, longest=limit)) as parts:
        whole = "".join(parts)
    return whole.encode(errors="surrogateescape")[:limit]


def check_out(git: Git, commit: str, folder: Path, *, only: Collection[str] | None = None) -> None:
    """Write the commit's files, or `only` some, into an existing folder that lacks them.

    A private index, read-tree and checkout-index: no HEAD moves, no export-subst, hostile
    paths are refused by read-tree (`checkout -f` skips them and exits 0).

    Raises:
        RefusedInputError: git refused a path of the tree.
    """
    listed = "" if only is None else "".join(f"{path}\0" for path in only)
    which = ("--all",) if only is None else ("-z", "--stdin")
    with _private_index(folder) as index:
        try:
            run(git("read-tree", commit, extra=index), seconds=WRITING_SECONDS)
            line = ("checkout-index", *which, f"--prefix={folder}/")
            run(git(*line, stdin=listed, extra=index), seconds=WRITING_SECONDS)
        except CommandFailedError as error:
            raise RefusedInputError(
                f"git can't check out {commit[:8]}: {error.output or error.message}",
                hint="git fsck",
            ) from error


def too_many(what: str, paths: Iterable[str] = ()) -> RefusedInputError:
    """The refusal of a tree with too much in it; `paths` are its files, if they are known."""
    most = Counter(path.partition("/")[0] for path in paths if "/" in path).most_common(1)
    name = most[0][0] if most and PLAIN_NAME.fullmatch(most[0][0]) else ""
    hint = "remove from git what the app does not need: git rm -r --cached"
    if name:
        hint = f"git rm -r --cached {name}, if the app does not need it; most of them are there"
    return RefusedInputError(f"the tree has {what}", hint=hint)


def _entries(git: Git, commit: str, *options: str) -> Iterator[Entry]:
    line = git("ls-tree", "-r", "-t", "-z", "--full-tree", *options, commit)
    for one in _bounded(line):
        facts, _, path = one.partition("\t")
        mode, kind, identity, *size = facts.split()
        if kind != "tree":
            bytes_ = int(size[0]) if size and size[0] != "-" else 0
            yield Entry(mode, kind, identity, bytes_, path)


def _bounded(line: Command) -> Iterator[str]:
    """What git lists; a tree that names itself again and again is cut off as it is walked."""
    size = 0
    listed = pieces(line, separator=NUL, seconds=LISTING_SECONDS, longest=LONGEST_NAME)
    with closing(listed) as found:
        for count, one in enumerate(found):
            size += len(one)
            if count >= MOST_NAMES:
                raise too_many(f"more than {MOST_NAMES} files and folders")
            if size > LISTING_LIMIT:
                raise too_many(f"more than {LISTING_LIMIT >> 20} MiB of names")
            yield one


def _sizes(git: Git, identities: set[str]) -> dict[str, int]:
    """Bytes of each blob."""
    asked = "".join(f"{one}\n" for one in identities)
    line = git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
    told = run(line, seconds=LISTING_SECONDS, limit=LISTING_LIMIT).stdout
    pairs = (one.split(" ") for one in told.splitlines())
    return {identity: int(size) for identity, size in pairs}


@contextmanager
def _private_index(folder: Path) -> Iterator[dict[str, str]]:
    index = folder.with_name(f"{folder.name}.index")
    try:
        yield {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(folder)}
    finally:
        index.unlink(missing_ok=True)
