"""Slug reader: the texts of a slug that a build has written. Runs as the git user.

No link is followed, neither as a file nor as a folder on the way.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pushdeploy.model.text import decode_any
from pushdeploy.model.tracked_file import LINK, check_tracked

if TYPE_CHECKING:
    from pathlib import Path

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class SlugReader:
    """One slug."""

    folder: Path

    def has(self, name: str) -> bool:
        """Whether its root has a file or folder of this name."""
        return os.path.lexists(self.folder / name)

    def text(self, path: str) -> str | None:
        """The content of a file as text, without a byte order mark; `None` when it is not there.

        Raises:
            RefusedInputError: it is a link, too large, or neither UTF-8 nor UTF-16.
        """
        *folders, name = PurePosixPath(path).parts
        place = os.open(self.folder, READ | os.O_DIRECTORY)
        try:
            for folder in folders:
                below = os.open(folder, READ | os.O_DIRECTORY, dir_fd=place)
                os.close(place)
                place = below
            found = os.stat(name, dir_fd=place, follow_symlinks=False)
            check_tracked(path, _as_git_says(found.st_mode), found.st_size)
            with os.fdopen(os.open(name, READ, dir_fd=place), "rb") as file:
                return decode_any(file.read(), path)
        except OSError:
            return None
        finally:
            os.close(place)

    def paths(self) -> list[str]:
        """The names in its root."""
        return sorted(os.listdir(self.folder))


def _as_git_says(mode: int) -> str:
    """`100644`, as in `git ls-tree`."""
    if stat.S_ISLNK(mode):
        return LINK
    return "100644" if stat.S_ISREG(mode) else "040000"
