"""What a commit's tree holds, by git in the repo that a hook runs in. Imports little."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from pushdeploy.errors import CommandFailedError, RefusedInputError
from pushdeploy.system.command import Command, run
from pushdeploy.system.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTING_LIMIT = 64 << 20
"""Bytes of names and facts: as many files as we take, with long paths."""

MOST_NAMES = 300_000
"""Files and folders that are listed: more than we take."""

LONGEST_NAME = 1 << 16
LISTING_SECONDS = 120.0
ATTRIBUTES = ".gitattributes"


class Entry(NamedTuple):
    """One line of `git ls-tree`. A tuple, since there may be tens of thousands."""

    mode: str
    kind: str
    id: str
    size: int
    path: str


def entries(commit: str, live: str = "") -> list[Entry]:
    """Every file of a commit.

    Sizes are what takes git long. A file that the `live` commit has too is linked from its slug and
    needs no room on the disk, so its size is not asked for: it is 0.

    Raises:
        RefusedInputError: there are too many names.
    """
    if not live:
        return [_entry(line) for line in _listed("-l", commit)]
    found = [_entry(line) for line in _listed(commit)]  # first: git compares all in its memory
    changed = _changed(live, commit)
    if changed is None or any(path.rpartition("/")[2] == ATTRIBUTES for path in changed):
        return [_entry(line) for line in _listed("-l", commit)]
    sizes = _sizes({one.id for one in found if one.path in changed and one.kind == "blob"})
    return [one._replace(size=sizes[one.id]) if one.id in sizes else one for one in found]


def git(*words: str, stdin: str = "") -> Command:
    """git in the repo that the hook runs in; the quarantine is in our environment."""
    return Command(["git", *words], stdin=stdin)


def too_many(what: str) -> RefusedInputError:
    """The refusal of a tree with too much in it."""
    hint = "git rm -r --cached what need not be deployed"
    return RefusedInputError(f"the tree has {what}", hint=hint)


def _listed(*words: str) -> list[str]:
    line = git("ls-tree", "-r", "-t", "-z", "--full-tree", *words)
    return [one for one in _bounded(line) if one.split(" ", 2)[1] != "tree"]


def _bounded(line: Command) -> Iterator[str]:
    """What git lists; a tree that names itself again and again is cut off as it is walked."""
    size = 0
    listed = pieces(line, separator=b"\0", seconds=LISTING_SECONDS, longest=LONGEST_NAME)
    with closing(listed) as found:
        for count, one in enumerate(found):
            size += len(one)
            if count >= MOST_NAMES:
                raise too_many(f"more than {MOST_NAMES} files and folders")
            if size > LISTING_LIMIT:
                raise too_many(f"more than {LISTING_LIMIT >> 20} MiB of names")
            yield one


def _entry(line: str) -> Entry:
    facts, path = line.split("\t", 1)
    mode, kind, identity, *size = facts.split()
    return Entry(mode, kind, identity, int(size[0]) if size and size[0] != "-" else 0, path)


def _changed(before: str, after: str) -> set[str] | None:
    """The paths in which they differ; `None` when git can't tell."""
    line = git("diff-tree", "-r", "-t", "-z", "--name-only", "--no-renames", before, after)
    try:
        return set(_bounded(line)) - {""}
    except CommandFailedError:
        return None


def _sizes(identities: set[str]) -> dict[str, int]:
    """Bytes of each blob."""
    asked = "".join(f"{one}\n" for one in identities)
    line = git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
    told = run(line, seconds=LISTING_SECONDS, limit=LISTING_LIMIT).stdout
    pairs = (one.split(" ") for one in told.splitlines())
    return {identity: int(size) for identity, size in pairs}
