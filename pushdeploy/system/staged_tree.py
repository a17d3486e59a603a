"""Puts a folder that its owner writes into together for a backup: by second names, not by copies.

Whoever reads it later meets no link that an app could put in the way: it is walked by open folders,
a link is taken as a link, and each file gets a second name (link(2)) in a folder of root's. A file
that is replaced meanwhile stays as it was; one that is written in place is taken as it then is.
"""

from __future__ import annotations

import errno
import math
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.text import quoted
from pushdeploy.system.open_folders import open_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

DEEPEST = 200
"""Folders in a folder: each is open while it is walked."""

LONGEST = 3500
"""Bytes of a path: what is made by open folders may be longer than restic could name (4096)."""

FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY
CHUNK = 1 << 20

PERMISSIONS = 0o777

SLOWEST = 50_000_000
"""Bytes a second: a file is not begun that would take longer than there is."""

ROOM = 2
"""Of what is free, a copy of a file takes at most one part of so many."""

LOOKS = 3
"""At a folder in which names vanish while it is walked."""


@dataclass(slots=True)
class Staged:
    """What was taken."""

    files: int = 0
    size: int = 0
    """Bytes."""
    left: int = 0
    """Sockets, devices, folders of another disk, what lies too deep: no part of a backup."""
    until: float = math.inf
    """When it takes too long."""
    now: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class Copying:
    """Which files are copied, and until when: later their writers go on."""

    since: float = -math.inf
    """Those that were changed since, in seconds since the epoch; the rest gets a second name."""
    until: float = math.inf
    now: Callable[[], float] = time.monotonic
    late: int = 0
    """Files of which there is no copy that was complete by then."""

    def wants(self, found: os.stat_result) -> bool:
        """Whether a file is copied; counts those that are not although they should be."""
        if found.st_mtime < self.since:
            return False
        if found.st_size < SLOWEST * (self.until - self.now()):
            return True
        self.late += 1
        return False


def stage(
    source: Path,
    target: Path,
    staged: Staged,
    *,
    instead: Path | None = None,
    skip: Callable[[str], bool] = lambda _: False,
    last: tuple[str, ...] = (),
    copying: Copying | None = None,
) -> None:
    """Make `target`, a new folder, of what is in `source`.

    Args:
        source: the folder; itself no link.
        target: in a folder that root alone can reach.
        staged: counts what is taken.
        instead: a folder of copies; a file that is there under the same path is taken from there,
            and not what its writers keep beside the original: SQLite's journals.
        skip: which names are left out, wherever they are.
        last: names at the top that are taken after all others, in this order.
        copying: files are copied, as its writers stand still for as long as this takes.

    Raises:
        UnavailableError: it takes too long; or no room is left for a copy.
    """
    folder = os.open(source, FOLDER)
    other = None if instead is None or not instead.exists() else os.open(instead, FOLDER)
    try:
        target.mkdir(mode=0o700)
        into = os.open(target, FOLDER)
        try:
            _Walk(staged, os.fstat(folder).st_dev, skip, last, copying).folder(
                folder, into, other, 0
            )
        finally:
            os.close(into)
    finally:
        os.close(folder)
        if other is not None:
            os.close(other)


KEPT_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(slots=True)
class _Walk:
    """One walk."""

    staged: Staged
    device: int
    skip: Callable[[str], bool]
    last: tuple[str, ...]
    copying: Copying | None
    vanished: bool = False
    """A name was gone when it was to be taken: what it was may have another now."""
    length: int = 0
    """Bytes of the path of the folder that is walked."""

    def folder(self, source: int, into: int, copies: int | None, depth: int) -> None:
        """All that is in one folder; then its own mode and time."""
        copied = set() if copies is None else set(os.listdir(copies))
        beside = {name + end for name in copied for end in KEPT_BESIDE}
        seen: set[str] = set()
        for _ in range(LOOKS):
            self.vanished = False
            names = set(os.listdir(source)) - seen - beside
            for name in sorted(names, key=lambda one: (depth == 0 and self._place(one), one)):
                if not self.skip(name):
                    self._take(source, name, into, copies if name in copied else None, depth)
            seen |= names
            if not self.vanished:
                break
        found = os.fstat(source)
        os.fchmod(into, stat.S_IMODE(found.st_mode) & PERMISSIONS | stat.S_IRWXU)
        os.utime(into, ns=(found.st_atime_ns, found.st_mtime_ns))

    def _place(self, name: str) -> int:
        return self.last.index(name) + 1 if name in self.last else 0

    def _take(self, source: int, name: str, into: int, copies: int | None, depth: int) -> None:
        if self.staged.now() > self.staged.until:
            raise UnavailableError("its files could not be copied in time", hint="df -h; df -i")
        try:
            descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
        except FileNotFoundError:
            self.vanished = True
            return
        try:
            found = os.fstat(descriptor)
            near = found.st_dev == self.device and depth < DEEPEST
            if self.length + _bytes(name) > LONGEST:
                self.staged.left += 1
            elif stat.S_ISDIR(found.st_mode) and near:
                self._below(descriptor, name, into, copies, depth)
            elif stat.S_ISLNK(found.st_mode):
                os.symlink(os.readlink("", dir_fd=descriptor), name, dir_fd=into)
                times = (found.st_atime_ns, found.st_mtime_ns)
                os.utime(name, ns=times, dir_fd=into, follow_symlinks=False)
            elif stat.S_ISREG(found.st_mode):
                if copies is None or not self._copied(copies, name, into):
                    self._file(descriptor, found, name, into)
            else:
                self.staged.left += 1
        finally:
            os.close(descriptor)

    def _below(self, folder: int, name: str, into: int, copies: int | None, depth: int) -> None:
        os.mkdir(name, 0o700, dir_fd=into)
        self.length += _bytes(name)
        inner, source, other = os.open(name, FOLDER, dir_fd=into), None, None
        try:
            source = os.open(".", FOLDER, dir_fd=folder)
            with suppress(OSError):  # there are no copies below it
                other = None if copies is None else os.open(name, FOLDER, dir_fd=copies)
            self.folder(source, inner, other, depth + 1)
        finally:
            self.length -= _bytes(name)
            for one in (inner, source, other):
                if one is not None:
                    os.close(one)

    def _copied(self, copies: int, name: str, into: int) -> bool:
        """Take the copy; False when it is no plain file."""
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=copies)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return False
            self._file(descriptor, found, name, into)
        finally:
            os.close(descriptor)
        return True

    def _file(self, descriptor: int, found: os.stat_result, name: str, into: int) -> None:
        """A second name; a copy where the file lies on another disk."""
        self.staged.files += 1
        self.staged.size += found.st_size
        opened = f"/proc/self/fd/{descriptor}"
        _refuse_leased(opened)
        if self.copying and self.copying.wants(found) and _has_room(into, found.st_size):
            _copy(opened, found, name, into)
            self.copying.late += self.copying.now() > self.copying.until
            return
        try:
            os.link(opened, name, dst_dir_fd=into, follow_symlinks=True)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOENT):
                raise
            if not _has_room(into, found.st_size):
                raise UnavailableError(
                    f"no room is left for a copy of {quoted(name)}", hint="df -h"
                ) from error
            _copy(opened, found, name, into)


def _bytes(name: str) -> int:
    """What it adds to a path."""
    return len(os.fsencode(name)) + 1


def _refuse_leased(opened: str) -> None:
    """Open it once without waiting: whoever reads it later waits 45 s for a lease (fcntl(2)).

    Raises:
        BlockingIOError: a process has one, and would hold up all of a backup.
    """
    os.close(os.open(opened, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))


def is_leased(folder: Path) -> bool:
    """Whether a file in a folder that root alone can reach would keep a reader waiting."""
    for _, names, descriptor in open_folders(folder):
        for name in names:
            try:
                flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
                os.close(os.open(name, flags, dir_fd=descriptor))
            except BlockingIOError:
                return True
            except OSError:  # a link
                continue
    return False


def _has_room(folder: int, size: int) -> bool:
    """Whether as much stays free as a copy takes: an app may say that a file has terabytes."""
    disk = os.fstatvfs(folder)
    return disk.f_bavail * disk.f_frsize > ROOM * size


def _copy(opened: str, found: os.stat_result, name: str, into: int) -> None:
    source = os.open(opened, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        target = os.open(name, flags, 0o600, dir_fd=into)
        try:
            left = found.st_size  # it may grow faster than it is read
            while left > 0 and (data := os.read(source, min(CHUNK, left))):
                left -= len(data)
                while data:
                    data = data[os.write(target, data) :]
            os.fchmod(target, stat.S_IMODE(found.st_mode) & PERMISSIONS)
            os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(target)
    finally:
        os.close(source)


def copy_present(source: Path, target: Path, names: Collection[str]) -> int:
    """Copy those of root's own files that are there; returns their bytes. A link stays one."""
    size = 0
    for name in names:
        here, there = source / name, target / name
        if here.is_symlink():
            there.symlink_to(here.readlink())
        elif here.is_file():
            there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = here.stat()
            data = here.read_bytes()
            there.write_bytes(data)
            there.chmod(stat.S_IMODE(found.st_mode) & PERMISSIONS)
            size += len(data)
    return size


def copy_below(source: Path, target: Path) -> int:
    """The same of all that is below a folder of root's own, if it is there; makes the target."""
    if not source.is_dir():
        return 0
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(stat.S_IMODE(source.stat().st_mode))
    size = copy_present(source, target, [one.name for one in source.iterdir()])
    inner = [one for one in source.iterdir() if one.is_dir() and not one.is_symlink()]
    return size + sum(copy_below(one, target / one.name) for one in inner)
