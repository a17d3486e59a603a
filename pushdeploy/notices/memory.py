"""The memory on disk: read before a look, written in one step after it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.notice_state import Memory
from pushdeploy.model.wire import plain, read
from pushdeploy.system.files import File, make_folder, write

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine

PRIVATE = 0o600


def read_memory(machine: Machine) -> Memory | None:
    """What was told; `None` when nothing was, or nobody can read it any more."""
    place = machine.layout.notices
    found = [one for path in (place.memory, place.memory_aside) if (one := _read(path))]
    return max(found, key=lambda one: one.at, default=None)


def write_memory(machine: Machine, memory: Memory) -> None:
    """Keep it; while the disk takes nothing, in a file system in memory: nobody is told twice."""
    place, text = machine.layout.notices, json.dumps(plain(memory))
    try:
        make_folder(place.state, mode=0o700)
        write(File(place.memory, text, PRIVATE))
    except (OSError, UnavailableError):
        write(File(place.memory_aside, text, PRIVATE))
    else:
        with suppress(OSError):
            place.memory_aside.unlink(missing_ok=True)


def forget(machine: Machine) -> None:
    """Delete it: nobody is told."""
    for path in (machine.layout.notices.memory, machine.layout.notices.memory_aside):
        path.unlink(missing_ok=True)


def _read(path: Path) -> Memory | None:
    try:
        return read(Memory, json.loads(path.read_text()))
    except (OSError, ValueError):
        return None
