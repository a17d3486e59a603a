"""What takes the room on the disk: asked when a push found it full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import App, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked

LOOK_SECONDS = 3.0
"""The longest that it may take: what was not seen by then is not counted."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that each part of each app takes."""

    apps: dict[str, dict[str, int]]


@verb("room", Room, right=Right.LOOK, app=App.NONE)
def room(asked: Asked) -> Room:
    """Look at all apps."""
    from pushdeploy.model.disk import CACHE, REPO
    from pushdeploy.records.app_records import app_names
    from pushdeploy.system.room import taken

    layout = asked.machine.layout
    until = asked.machine.monotonic() + LOOK_SECONDS
    found = {}
    for app in app_names(layout.apps):
        place = layout.app(app)
        folders = {
            "packages": place.venvs,
            "code": place.slugs,
            REPO: place.repo,
            CACHE: place.build_cache,
            "storage": place.shared,
            "logs": place.log,
        }
        found[app] = {name: taken(folder, until=until) for name, folder in folders.items()}
    return Room(found)
