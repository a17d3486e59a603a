"""What an object of a repo is: from its own file if it has one, else by git. Imports little."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from pushdeploy.system.command import run

if TYPE_CHECKING:
    from pushdeploy.system.git_program import Git

TAG = "tag"
QUARANTINE = "GIT_OBJECT_DIRECTORY"
"""Where git keeps what it receives until a hook has seen it (git-receive-pack(1))."""

HEAD_BYTES = 64
"""Enough for `commit 1234`, compressed."""


def kind_of(git: Git, object_id: str) -> str:
    """`commit`, `tree`, `blob` or `tag`.

    A small push has just written the file; no process is started to read it.

    Raises:
        CommandFailedError: there is no such object.
    """
    folder = os.environ.get(QUARANTINE, "objects")
    try:
        with open(os.path.join(folder, object_id[:2], object_id[2:]), "rb") as file:  # noqa: PTH118, PTH123 - pathlib is slow to import
            head = zlib.decompressobj().decompress(file.read(HEAD_BYTES), HEAD_BYTES)
        return head.partition(b" ")[0].decode("ascii")
    except (OSError, ValueError, zlib.error):
        return run(git("cat-file", "-t", object_id)).stdout.strip()


def tag_name(git: Git, object_id: str) -> str:
    """What an annotated tag calls itself, whatever ref names it (git-mktag(1))."""
    lines = run(git("cat-file", "tag", object_id)).stdout.splitlines()
    return next((line[4:] for line in lines if line.startswith("tag ")), "")
