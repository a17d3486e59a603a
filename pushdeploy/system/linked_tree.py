"""Makes folders with the files of other ones: by hard links to what only root can write, or copies.

A file with two names is one file: so it is linked only if it is root's, nobody else may write it,
and so is each folder on the way. Both sides are walked by open folders, and no link is followed.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.system.owned_tree import Owner

DEEPEST = 60
"""Folders in a folder; two are open for each."""

MOST_NAMES = 1000
"""Of one file; more than any app's venvs give it, and far fewer than a disk allows."""

ROOT = 0
FOLDER_MODE = 0o2750
OWN_FOLDER_MODE = 0o750
WRITABLE = 0o022
SPECIAL = 0o7000
"""Set-user-id, set-group-id, sticky: no file of a venv has any."""

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER = READ | os.O_DIRECTORY


class UnfitError(PushdeployError):
    """There is something that must not, or can't, come along."""


@dataclass(frozen=True, slots=True)
class Making:
    """How one tree is made from another."""

    owner: Owner | None
    """Who gets the folders and links, when the files are linked; `None`: all is ours and copied."""

    def folder(self, source: int, target: int, *, skip: Callable[[str], bool]) -> None:
        """Fill an open folder with what an open one has, but for skipped names at its top."""
        self._fill(source, target, skip, 0)

    def inside(self, source: int, target: int, name: str) -> None:
        """Make one name of an open folder in another, with all that is in it."""
        self._one(source, target, name, 0)

    def made(self, source: int, target: int, name: str) -> tuple[int, int]:
        """Both folders of this name, open; the target's is made, and not handed over yet."""
        os.mkdir(name, 0o700, dir_fd=target)
        return self.opened(source, name), os.open(name, FOLDER, dir_fd=target)

    def opened(self, folder: int | None, name: str) -> int:
        """A folder of the source, open, that only root, or else we, can have filled."""
        descriptor = os.open(name, FOLDER, dir_fd=folder)
        found = os.fstat(descriptor)
        if found.st_uid != self._from or found.st_mode & WRITABLE:
            os.close(descriptor)
            raise UnfitError(f"the folder `{name}` could have been filled by others")
        return descriptor

    def hand_over(self, folder: int) -> None:
        """Give an open folder to its owner, with the mode of a venv's folders."""
        if self.owner is not None:
            os.fchown(folder, self.owner.user, self.owner.group)
        os.fchmod(folder, FOLDER_MODE if self.owner is not None else OWN_FOLDER_MODE)

    @property
    def _from(self) -> int:
        """Whose the source is."""
        return os.geteuid() if self.owner is None else ROOT

    def _fill(self, source: int, target: int, skip: Callable[[str], bool], depth: int) -> None:
        if depth > DEEPEST:
            raise UnfitError("folders lie too deep")
        for name in os.listdir(source):
            if not skip(name):
                self._one(source, target, name, depth)

    def _one(self, source: int, target: int, name: str, depth: int) -> None:
        found = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            below, made = self.made(source, target, name)
            try:
                self._fill(below, made, _nothing, depth + 1)
                self.hand_over(made)
            finally:
                os.close(below)
                os.close(made)
        elif found.st_uid != self._from:
            raise UnfitError(f"`{name}` is somebody else's")
        elif stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            if self.owner is not None:
                os.chown(
                    *(name, self.owner.user, self.owner.group),
                    dir_fd=target,
                    follow_symlinks=False,
                )
        else:
            self._file(source, target, name, found)

    def _file(self, source: int, target: int, name: str, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode) or found.st_mode & (WRITABLE | SPECIAL):
            raise UnfitError(f"`{name}` is not a file that nobody else may write")
        if self.owner is None:
            _copy(source, target, name, found)
        elif found.st_nlink >= MOST_NAMES:
            raise UnfitError(f"`{name}` has too many names")
        else:
            os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)


def _nothing(_: str) -> bool:
    return False


def _copy(source: int, target: int, name: str, found: os.stat_result) -> None:
    """Bytecode counts as long as its source has the time that it says."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        open(os.open(name, READ, dir_fd=source), "rb") as old,
        open(os.open(name, flags, 0o600, dir_fd=target), "wb") as new,
    ):
        shutil.copyfileobj(old, new)
        new.flush()
        os.fchmod(new.fileno(), stat.S_IMODE(found.st_mode))
        os.utime(new.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
