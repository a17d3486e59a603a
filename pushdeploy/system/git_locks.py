"""The files that a killed git leaves in a bare repo. Runs as its owner. Imports little.

Git never deletes its locks (gitrepository-layout(5)) and refuses to write until somebody has; what
a push had received takes room for ever. Whatever of ours writes to a repo holds the repo's folder
meanwhile, shared with others (flock(2)), and so does the git that it starts; whoever has the folder
alone knows that no git of ours runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import BusyError, UnavailableError
from pushdeploy.system.locks import is_held

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock")
"""Beside one for each ref."""

MARK = "pushdeploy.collected"
"""A file in the repo whose time is that of the last collection; held by whoever packs."""

COLLECTOR = "PUSHDEPLOY_COLLECTS=1"
"""In the environment of a git that packs the repo."""


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


@contextmanager
def alone(repo: Path) -> Iterator[None]:
    """Hold a repo while nobody else may write to it; a push waits meanwhile.

    Raises:
        BusyError: somebody does.
        UnavailableError: there is no such repo.
    """
    with writing(repo) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = True
        else:
            held = _git_runs_in(repo)
        if held:
            raise BusyError("a push is under way", hint="try again when it is done")
        yield


@contextmanager
def collecting(repo: Path) -> Iterator[int]:
    """Be the one that packs a repo. It does not hold the repo: a push may delete locks meanwhile.

    The descriptor is for the git that the block starts, which may outlive us.

    Raises:
        BusyError: somebody packs it already.
    """
    descriptor = os.open(repo / MARK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "try again when that is done"
            raise BusyError("the repo is being packed already", hint=hint) from error
        os.utime(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def abandoned(repo: Path, *, loose: bool = False) -> list[Path]:
    """What a killed git had begun to write and nobody will end; `loose`: single objects, too."""
    found = [*(repo / "objects").glob("tmp_objdir-*"), *(repo / "objects").glob("incoming-*")]
    for pattern in ("tmp_*", ".tmp-*"):
        found += (repo / "objects" / "pack").glob(pattern)
    return found + (list((repo / "objects").glob("[0-9a-f][0-9a-f]/tmp_obj_*")) if loose else [])


def _delete_stale(repo: Path) -> None:
    stale = [path for name in NAMES if (path := repo / name).exists()]
    stale += (repo / "refs").rglob("*.lock")
    if not is_held(repo / MARK):  # nobody packs it, nor does git for one who was killed
        stale += abandoned(repo)
    if stale and not _git_runs_in(repo):
        for path in stale:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _is_about(process: Path, repo: Path) -> bool:
    here = (process / "cwd").samefile(repo)
    named = here or os.fsencode(repo) in (process / "cmdline").read_bytes()
    return named and COLLECTOR.encode() not in (process / "environ").read_bytes()


def _git_runs_in(repo: Path) -> bool:
    """True for one that a person has started by hand, too; one that packs has none of the locks."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith("git") and _is_about(process, repo):
                return True
        except OSError:  # it has ended, or is another user's, who can't write to the repo
            continue
    return False
