"""How full the disk is, and how much a folder takes. Imports little."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pushdeploy.model.disk import Disk
from pushdeploy.system.open_folders import open_folders

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 512
"""Bytes of `st_blocks` (stat(2))."""


def disk_of(path: Path) -> Disk:
    """The filesystem that a path lies on, as one who is not root may fill it."""
    found = os.statvfs(path)
    return Disk(
        free=found.f_bavail * found.f_frsize,
        size=found.f_blocks * found.f_frsize,
        free_files=found.f_favail,
        files=found.f_files,
    )


def taken(folder: Path, *, until: float) -> int:
    """Bytes of all files below a folder; no link is followed.

    Args:
        folder: may be missing.
        until: by `time.monotonic`; what was not seen by then is not counted.
    """
    total = 0
    for _, files, descriptor in open_folders(folder):
        for name in files:
            try:
                total += os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_blocks * BLOCK
            except OSError:  # it is gone
                continue
        if time.monotonic() > until:
            break
    return total
