"""The tool itself on a server: a folder for each version, and `current`, which names one."""

from __future__ import annotations

import shutil
from pathlib import Path

from pushdeploy.errors import UnavailableError
from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.system.files import point

ROOT = Path("/opt/pushdeploy")
CURRENT = ROOT / "current"
FORMER = ROOT / "former"
"""Kept, so that an upgrade can be taken back by hand."""

COMMAND = Path("/usr/local/bin/pushdeploy")
PROGRAM = CURRENT / "venv" / "bin" / "pushdeploy"


def check_command() -> None:
    """See that the command's place is free, or ours.

    Raises:
        UnavailableError: something else has it.
    """
    found = COMMAND.is_symlink() or COMMAND.exists()
    if found and not (COMMAND.is_symlink() and COMMAND.readlink().is_relative_to(ROOT)):
        raise UnavailableError(
            f"`{COMMAND}` is there and not made by the installer", hint=f"mv {COMMAND} /root/"
        )


def use(version: Path) -> bool:
    """Make a version the one that is used from now on; returns False when it was so already.

    What runs goes on with the modules of its own version.
    """
    return any([_switch(version), _name_command()])


def prune() -> list[str]:
    """Delete versions that are neither current nor former, and that nothing runs from."""
    kept = {link.resolve() for link in (CURRENT, FORMER)}
    running = _command_lines()
    old = [
        folder
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.is_symlink() and folder not in kept
    ]
    unused = [folder for folder in old if not any(f"{folder}/" in line for line in running)]
    for folder in unused:
        (folder / COMPLETE).unlink(missing_ok=True)
        shutil.rmtree(folder)
    return [folder.name for folder in unused]


def remove() -> bool:
    """Delete all versions and the command; returns False when there were none."""
    ours = COMMAND.is_symlink() and COMMAND.readlink().is_relative_to(ROOT)
    if ours:
        COMMAND.unlink()
    if ROOT.exists():
        shutil.rmtree(ROOT)
        return True
    return ours


def _switch(version: Path) -> bool:
    before = CURRENT.readlink().name if CURRENT.is_symlink() else None
    if before == version.name:
        return False
    if before is not None:
        point(FORMER, before)
    point(CURRENT, version.name)
    return True


def _name_command() -> bool:
    if COMMAND.is_symlink() and COMMAND.readlink() == PROGRAM:
        return False
    point(COMMAND, str(PROGRAM))
    return True


def _command_lines() -> list[str]:
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return lines
