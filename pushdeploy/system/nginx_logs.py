"""nginx's logs of our sites: who visits an app is not for the other users of the server.

nginx makes a log that is not there readable by everybody. One that is there keeps its mode, also
when logrotate puts the next one in its place.
"""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path("/var/log/nginx")
KINDS = ("access", "error")
READERS = "adm"
"""Debian's group of those who read logs."""

MODE = 0o640
TOO_MUCH = stat.S_IRWXO | stat.S_IWGRP


def ensure(apps: Iterable[str], folder: Path = FOLDER) -> None:
    """Make the logs that are missing, and close those that everybody can read.

    The folder is root's; where there is none nginx itself says so.
    """
    if folder.is_dir():
        for app in apps:
            for kind in KINDS:
                _ensure(folder / f"pushdeploy-{app}.{kind}.log")


def _ensure(path: Path) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        status = os.fstat(descriptor)
        if status.st_mode & TOO_MUCH or not status.st_mode & stat.S_IRGRP:
            os.fchown(descriptor, -1, _readers())
            os.fchmod(descriptor, MODE)
    finally:
        os.close(descriptor)


def _readers() -> int:
    try:
        return grp.getgrnam(READERS).gr_gid
    except KeyError:
        return 0
