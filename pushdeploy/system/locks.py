"""One deploy of an app at a time: flock on a file that is never deleted.

A lock dies with its process, so it can't go stale. Deleting the file would let two holders lock
two files of the same name.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import BusyError, NotFoundError
from pushdeploy.model.layout import holder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAIT_SECONDS = 1800.0
"""A queue of two or three builds; longer means that something hangs."""

POLL_SECONDS = 0.05

PRIVATE = 0o600
"""Who can open a file can lock it, if only for reading (flock(2))."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, for the message to those who wait."""

    who: str
    what: str
    pid: int
    at: float


@contextmanager
def held(
    path: Path,
    *,
    who: str,
    what: str,
    seconds: float = WAIT_SECONDS,
    on_wait: Callable[[Holder], None] | None = None,
) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        path: the lock file; its holder's details lie beside it as `<name>.holder`.
        who: who asks.
        what: what for.
        seconds: how long to wait for another holder.
        on_wait: told once, when there is another holder.

    Raises:
        BusyError: it was held by another for longer than `seconds`.
        NotFoundError: its folder is gone, maybe since we wait: the app was destroyed.
    """
    details = holder_of(path)
    descriptor = _acquire(path, details, seconds, on_wait)
    try:
        _note(details, Holder(who, what, os.getpid(), time.time()))
        yield
    finally:
        os.close(descriptor)


@contextmanager
def folder_held(folder: Path) -> Iterator[None]:
    """Hold a folder that only we can open, while one file in it is read and replaced.

    It is asked for last and never for long; nothing is written, so it can be had on a full disk.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """True while somebody holds the lock; asks without waiting and makes nothing.

    What is not there, or is a link, nobody holds.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _acquire(
    path: Path, details: Path, seconds: float, on_wait: Callable[[Holder], None] | None
) -> int:
    deadline = time.monotonic() + seconds
    told = False
    while True:
        descriptor = _try(path)
        if descriptor is not None:
            return descriptor
        if on_wait is not None and not told:
            told = True
            on_wait(_holder(details))
        if time.monotonic() > deadline:
            holder = _holder(details)
            raise BusyError(
                f"{holder.what} of `{holder.who}` has held the app for "
                f"{time.time() - holder.at:.0f} s (process {holder.pid})",
                hint=f"ps -fp {holder.pid}",
            )
        time.sleep(POLL_SECONDS)


def _try(path: Path) -> int | None:
    """The file, locked; `None` while another holds it.

    Opened again each time: a new app of the same name has a lock of its own.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"there is no app `{path.parent.name}`", hint="pushdeploy apps"
        ) from error
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    os.close(descriptor)
    return None


def _note(details: Path, holder: Holder) -> None:
    """Who holds what, and since when, is for us alone."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(details, flags, PRIVATE)
    try:
        os.fchmod(descriptor, PRIVATE)
        os.write(descriptor, json.dumps(asdict(holder)).encode())
    finally:
        os.close(descriptor)


def _holder(details: Path) -> Holder:
    try:
        return Holder(**json.loads(details.read_text()))
    except (OSError, ValueError, TypeError):
        return Holder("somebody", "a deploy", 0, time.time())
