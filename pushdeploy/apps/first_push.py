"""The repo of a push to an app that is not there yet: the app is made when a tree is good.

It lies in a folder of the git user's own and is deleted at the end, whatever came of the push.
Runs as the git user; imports little.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, RefusedInputError, UnavailableError
from pushdeploy.system import command
from pushdeploy.system.files import delete_tree
from pushdeploy.system.git_program import init_bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = re.compile(r"[0-9a-f]{16}")
RANDOM_BYTES = 8


def parse_first_push(text: str) -> str:
    """The name of such a repo, checked.

    Raises:
        RefusedInputError: it is none.
    """
    if not NAME.fullmatch(text):
        raise RefusedInputError("that is not the name of a first push", hint="push again")
    return text


@contextmanager
def first_push(folder: Path) -> Iterator[Path]:
    """An empty repo for one push; first those go that killed pushes have left.

    Raises:
        UnavailableError: there is no room for it, or no folder of ours.
    """
    sweep_first_pushes(folder)
    repo = folder / os.urandom(RANDOM_BYTES).hex()
    try:
        with _alone_in(folder):
            repo.mkdir(mode=0o700)
            held = _held(repo, fcntl.LOCK_SH)
    except OSError as error:
        raise UnavailableError(
            f"no repo can be made in `{folder}`: {error.strerror}", hint="df -h; df -i"
        ) from error
    try:
        try:
            command.run(init_bare(repo))
        except CommandFailedError as error:
            raise UnavailableError(error.message, hint="df -h; df -i") from error
        yield repo
    finally:
        delete_tree(repo)
        os.close(held)


def sweep_first_pushes(folder: Path) -> list[str]:
    """Delete the repos whose pushes have ended; returns their names."""
    with suppress(FileNotFoundError):
        folder.mkdir(mode=0o700, exist_ok=True)
    swept = []
    with suppress(OSError), _alone_in(folder):
        for path in folder.iterdir():
            try:
                held = _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # a push goes on in it
                continue
            delete_tree(path)
            os.close(held)
            swept.append(path.name)
    return swept


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else makes or deletes a repo here meanwhile (flock(2))."""
    held = _held(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(held)


def _held(path: Path, how: int) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
