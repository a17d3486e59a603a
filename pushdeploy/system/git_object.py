"""What an object of a repo is: from its own file if it has one, else by git. Imports little."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from pushdeploy.system.command import attempt, run

if TYPE_CHECKING:
    from pushdeploy.system.git_program import Git

TAG = "tag"
QUARANTINE = "GIT_OBJECT_DIRECTORY"
"""Where git keeps what it receives until a hook has seen it (git-receive-pack(1))."""

HEAD_BYTES = 64
"""Enough for `commit 1234`, compressed."""

COMMIT_BYTES = 4096
"""Of a commit, compressed: its parents are among its first lines."""


def kind_of(git: Git, object_id: str) -> str:
    """`commit`, `tree`, `blob` or `tag`.

    A small push has just written the file; no process is started to read it.

    Raises:
        CommandFailedError: there is no such object.
    """
    try:
        return _head(object_id, HEAD_BYTES).partition(b" ")[0].decode("ascii")
    except (OSError, ValueError, zlib.error):
        return run(git("cat-file", "-t", object_id)).stdout.strip()


def is_child_of(object_id: str, parent: str) -> bool:
    """Whether a commit that lies in a file of its own names another as a parent."""
    try:
        head = _head(object_id, COMMIT_BYTES)
    except (OSError, zlib.error):
        return False
    return f"\nparent {parent}\n".encode() in head.partition(b"\nauthor ")[0] + b"\n"


def has_whole_history(git: Git, commit: str) -> bool:
    """Whether all that a commit comes from is here, or was pushed with it."""
    return attempt(git("rev-list", "--quiet", commit, "--not", "--all"), seconds=600).status == 0


def _head(object_id: str, most: int) -> bytes:
    """The first bytes of an object that lies in a file of its own."""
    folder = os.environ.get(QUARANTINE, "objects")
    with open(os.path.join(folder, object_id[:2], object_id[2:]), "rb") as file:  # noqa: PTH118, PTH123 - pathlib is slow to import
        return zlib.decompressobj().decompress(file.read(most), most)


def tag_name(git: Git, object_id: str) -> str:
    """What an annotated tag calls itself, whatever ref names it (git-mktag(1))."""
    lines = run(git("cat-file", "tag", object_id)).stdout.splitlines()
    return next((line[4:] for line in lines if line.startswith("tag ")), "")
