"""Files that survive a power cut: written aside, synced, renamed into place."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.app_layout import OLD
from pushdeploy.system import command
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

DELETE_SECONDS = 600.0
"""A folder with millions of files on a slow disk."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as a value: where, what, and who may read it."""

    path: Path
    content: str
    mode: int = 0o644
    group: int | None = None
    """Group id; `None` leaves it."""


def write(file: File) -> bool:
    """Put the file in place in one step; returns False when it was so already.

    Temporary file, fsync, rename, fsync of the folder: a reader sees the old or the new content,
    also after a power cut (rename(2), fsync(2)).
    """
    if _same(file):
        return False
    temporary = file.path.with_name(f".{file.path.name}.new")
    try:
        _create(File(temporary, file.content, file.mode, file.group))
        temporary.replace(file.path)
    except OSError:  # a full disk, say, whose room somebody else wants
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.path.parent)
    return True


def delete_unfinished(folder: Path, pattern: str = "") -> None:
    """Delete what `write` and `point` left there when they were killed; the caller holds the lock.

    Args:
        folder: the files' own.
        pattern: of the names of the files that were meant (fnmatch(3)); all.
    """
    for path in folder.glob(f".{pattern or '*'}.new"):
        if path.is_symlink() or path.is_file():
            path.unlink(missing_ok=True)


def create_all(files: list[File]) -> None:
    """Write files into a folder that nobody looks at yet, each synced; no rename."""
    for file in files:
        file.path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        _create(file)
    for folder in {file.path.parent for file in files}:
        sync_folder(folder)


def _create(file: File) -> None:
    data = file.content.encode()
    file.path.unlink(missing_ok=True)
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        if file.group is not None:
            os.fchown(descriptor, -1, file.group)
        os.fchmod(descriptor, file.mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _same(file: File) -> bool:
    try:
        status = file.path.lstat()
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != file.mode:
            return False
        if file.group is not None and status.st_gid != file.group:
            return False
        return file.path.read_bytes() == file.content.encode()
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(path: Path) -> None:
    """Make everything on the filesystem of `path` durable (syncfs(2))."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)


def point(link: Path, target: str) -> None:
    """Make `link` name `target` in one rename: the switch."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)  # noqa: PTH105 - the very call that a switch is about
    sync_folder(link.parent)


def append(path: Path, *records: Mapping[str, object], mode: int = 0o644) -> None:
    """Append JSON lines and sync them. A torn last line of a killed writer is closed first."""
    line = _lines(records).encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, mode)
    try:
        end = os.fstat(descriptor).st_size
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) != len(line):
            raise UnavailableError(
                f"the disk is full: one line did not fit into `{path}`", hint="df -h; df -i"
            )
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    """Put other JSON lines into a file in one step; who may read it stays."""
    status = path.stat()
    write(File(path, _lines(records), stat.S_IMODE(status.st_mode), status.st_gid))


def _lines(records: Iterable[Mapping[str, object]]) -> str:
    dumped = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in records)
    return "".join(f"{line}\n" for line in dumped)


def make_folder(path: Path, *, mode: int, user: int = -1, group: int = -1) -> bool:
    """Make one folder, or fix the mode and owner of the one that is there.

    Returns False when it was so already.

    Raises:
        UnavailableError: something else has that name; a link is never followed.
    """
    try:
        path.mkdir()
        changed = True
    except FileExistsError:
        changed = False
    descriptor = _open_folder(path)
    try:
        status = os.fstat(descriptor)
        if user not in (-1, status.st_uid) or group not in (-1, status.st_gid):
            os.fchown(descriptor, user, group)
            changed = True
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
            os.fchmod(descriptor, mode)
            changed = True
    finally:
        os.close(descriptor)
    return changed


def make_inside(root: Path, relative: str, *, mode: int, user: int = -1, group: int = -1) -> None:
    """Make the folders of a path below `root`, which somebody else may write: no link is followed.

    What is there stays as it is.

    Args:
        root: a folder, itself no link.
        relative: names divided by `/`; none is `..`.
        mode: of each that is made.
        user: its owner; -1 leaves ours.
        group: the same.

    Raises:
        OSError: something else has a name there; a link is `ENOTDIR`.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    descriptor = os.open(root, flags)
    try:
        for name in relative.split("/"):
            try:
                os.mkdir(name, 0o700, dir_fd=descriptor)
                made = True
            except FileExistsError:
                made = False
            below = os.open(name, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
            if made:
                os.fchown(descriptor, user, group)
                os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _open_folder(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise UnavailableError(
            f"`{path}` should be a folder of pushdeploy's but is not: {error.strerror}",
            hint=f"ls -ld {path}",
        ) from error


def delete_tree(folder: Path) -> None:
    """Delete a folder that may be half there; links in it are not followed (shutil.rmtree).

    A file or link of that name goes too.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        return
    aside = folder.with_name(f"{OLD}{folder.name.lstrip('.')}")
    if folder.exists() and not aside.exists():
        folder.rename(aside)
        folder = aside
    _delete_folder(folder)
    _delete_folder(aside)


def _delete_folder(folder: Path) -> None:
    with suppress(RecursionError):  # rmtree calls itself for each folder in a folder, up to 3.12
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # too deep for that, or for as many open folders as we may have
        command.attempt(Command(["rm", "-rf", "--", str(folder)]), seconds=DELETE_SECONDS)
