"""What takes the room on the disk: asked when a push found it full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.journal import journals
from pushdeploy.engine.caller import caller
from pushdeploy.model.disk import CACHE, REPO
from pushdeploy.system.room import taken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session

LOOK_SECONDS = 3.0
"""The longest that it may take: what was not seen by then is not counted."""


def _room(
    machine: Machine, session: Session, request: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    caller(machine, session, request)
    until = machine.monotonic() + LOOK_SECONDS
    found = {}
    for app in journals(machine.layout.apps):
        place = machine.layout.app(app)
        folders = {
            "packages": place.venvs,
            "code": place.slugs,
            REPO: place.repo,
            CACHE: place.build_cache,
            "storage": place.shared,
            "logs": place.log,
        }
        found[app] = {name: taken(folder, until=until) for name, folder in folders.items()}
    return found


ROOM: Mapping[str, Verb] = {"room": _room}
"""Verbs about the disk."""
