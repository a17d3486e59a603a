"""needrestart(1): what restarts services after an update of a library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.tool import COMMAND

if TYPE_CHECKING:
    from pushdeploy.model.layout import Layout

FOLDER = Path("/etc/needrestart/conf.d")
FILE = FOLDER / "pushdeploy.conf"


def ensure(layout: Layout) -> bool:
    """Have it leave apps to us, now or when it is installed; returns False when that was so."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = render("needrestart/pushdeploy.conf.j2", apps=layout.apps, command=COMMAND)
    return write(File(FILE, text))


def remove() -> bool:
    """Take that back; returns False when there was nothing."""
    if not FILE.exists():
        return False
    FILE.unlink()
    for folder in (FOLDER, FOLDER.parent):
        if not any(folder.iterdir()):
            folder.rmdir()
    return True
