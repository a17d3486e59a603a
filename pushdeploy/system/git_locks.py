"""The lock files that a killed git leaves in a bare repo. Runs as its owner. Imports little.

Git never deletes them (gitrepository-layout(5)) and refuses to write until somebody has. Whatever
of ours writes to a repo holds the repo's folder meanwhile, shared with others (flock(2)), and so
does the git that it starts; whoever has the folder alone knows that no git of ours runs.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock")
"""Beside one for each ref."""


@contextmanager
def writing(repo: Path) -> Iterator[int]:
    """Hold a repo while the block writes to it; first its stale locks go, if nobody else does.

    The descriptor is for the git that the block starts, which may outlive us.

    Raises:
        UnavailableError: there is no such repo.
    """
    try:
        descriptor = os.open(repo, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnavailableError(
            f"`{repo}` is not a git repo", hint="pushdeploy reconcile"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            _delete_stale(repo)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def _delete_stale(repo: Path) -> None:
    locks = [path for name in NAMES if (path := repo / name).exists()]
    locks += (repo / "refs").rglob("*.lock")
    if locks and not _git_runs_in(repo):
        for path in locks:
            path.unlink(missing_ok=True)


def _git_runs_in(repo: Path) -> bool:
    """True for one that a person has started by hand, too."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith("git") and (
                (process / "cwd").samefile(repo)
                or os.fsencode(repo) in (process / "cmdline").read_bytes()
            ):
                return True
        except OSError:  # it has ended, or is another user's, who can't write to the repo
            continue
    return False
