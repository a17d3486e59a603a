"""Where the sockets of an embedded root lie: a socket's path has 108 bytes at most (unix(7))."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pushdeploy.errors import UnavailableError
from pushdeploy.model.app import LONGEST_NAME
from pushdeploy.system.files import make_folder

LONGEST_PATH = 107
"""Bytes of `sun_path` without the 0 at its end."""

LONGEST_SOCKET = len(f"/{'a' * LONGEST_NAME}/v99999999/web.sock")

PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
"""supervisord takes the path of its included files for a pattern, and splits it at spaces."""


def short_folder(root: Path) -> Path:
    """`<root>/run` where that is short and plain enough, else one in /tmp that is always the same.

    Not `$XDG_RUNTIME_DIR`: it is deleted at logout, while what was deployed goes on.
    """
    inside = root / "run"
    text = str(inside)
    if PLAIN.fullmatch(text) and len(text) + LONGEST_SOCKET <= LONGEST_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Path(f"/tmp/pushdeploy-{os.getuid()}-{digest}")  # noqa: S108 - its owner is checked


def make_own_folder(folder: Path) -> None:
    """Make a folder that nobody else may enter.

    Raises:
        UnavailableError: somebody else made it before us, as anybody can in /tmp.
    """
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.getuid()):
        raise UnavailableError(f"`{folder}` belongs to somebody else", hint=f"ls -ld {folder}")
    make_folder(folder, mode=0o700)
