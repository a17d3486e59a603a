"""Whether a repo is its user's own, asked by that user. Imports little: each push asks.

What root did in it by hand, such as `git gc`, or a backup that was unpacked with another server's
numbers, has git fail in the middle of a push.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("", "objects", "objects/pack", "refs", "refs/heads", "logs/refs/heads")
"""Whose names are looked at: the signs of `pushdeploy/model/ownership.py`."""


def is_own(repo: Path) -> bool:
    """False when something in the repo is somebody else's, or can't be looked at.

    A repo that is not there, or not whole, is nobody else's.
    """
    own = os.geteuid()
    try:
        return repo.lstat().st_uid == own and all(_are_own(repo / one, own) for one in FOLDERS)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def is_readable(file: Path) -> bool:
    """False when there is such a file, and we may not read it."""
    try:
        return not file.exists() or os.access(file, os.R_OK)
    except OSError:
        return False


def _are_own(folder: Path, own: int) -> bool:
    try:
        with os.scandir(folder) as entries:
            return all(one.stat(follow_symlinks=False).st_uid == own for one in entries)
    except FileNotFoundError:  # also of a name that another git deletes at this moment
        return True
