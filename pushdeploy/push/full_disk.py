"""What a push is told that git could not store: how full the disk is, and what takes the room."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.cli.engine_link import connect, who
from pushdeploy.cli.style import PROBLEM, problem, wrapped
from pushdeploy.engine.client import ask
from pushdeploy.engine.verbs.room import room
from pushdeploy.errors import PushdeployError
from pushdeploy.model.disk import largest, what_frees_room
from pushdeploy.system.room import disk_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def unwritable(repo: Path) -> str:
    """Why git can't make its folder for new objects; empty when it can.

    The wrapper sees no difference between that and a push that found all up to date.
    """
    probe = repo / "objects" / "tmp_objdir-probe"
    try:
        os.mkdir(probe)  # noqa: PTH102
        os.rmdir(probe)  # noqa: PTH106
    except FileExistsError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    return ""


def told_of_disk(folder: Path, reason: str) -> list[str]:
    """How full the disk is, when it is nearly full; else that nothing can be written there."""
    disk = disk_of(folder)
    if not disk.is_nearly_full:
        if not reason:
            return []
        what = f"nothing can be written to `{folder}`: {reason}"
        return list(problem(what, "sudo pushdeploy reconcile; dmesg | tail"))
    return list(_full(disk.told()))


def _full(message: str) -> Iterator[str]:
    rooms: dict[str, dict[str, int]] = {}
    with suppress(PushdeployError):
        rooms = ask(connect(), room(), who=who()).apps
    for line in largest(rooms):
        yield from wrapped(PROBLEM, line)
    yield from problem(message, what_frees_room(rooms))
