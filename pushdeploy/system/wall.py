"""journald's `wall`: what it writes to every terminal of the server (journald.conf(5))."""

from __future__ import annotations

from pathlib import Path

from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import systemctl

FOLDER = Path("/etc/systemd/journald.conf.d")
FILE = FOLDER / "pushdeploy.conf"


def ensure() -> bool:
    """Have it write nothing there; returns False when that was so."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    changed = write(File(FILE, render("journald/pushdeploy.conf.j2")))
    if changed:
        _read_again()
    return changed


def remove() -> bool:
    """Take that back; returns False when there was nothing."""
    if not FILE.exists():
        return False
    FILE.unlink()
    if not any(FOLDER.iterdir()):
        FOLDER.rmdir()
    _read_again()
    return True


def _read_again() -> None:
    """It reads its settings when it starts; what comes meanwhile waits, and systemd holds it."""
    systemctl("restart", "systemd-journald.service", check=False)
