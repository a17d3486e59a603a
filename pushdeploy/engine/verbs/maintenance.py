"""A page instead of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Whether visitors get it."""

    app: str
    maintenance: bool


@verb("maintenance", Maintenance, right=Right.LOOK)
def maintenance(asked: Asked) -> Maintenance:
    """Tell whether visitors get it."""
    from pushdeploy.proxy.maintenance import page

    return Maintenance(asked.app, page(asked.machine, asked.app).exists())


@verb("maintenance.set", Maintenance, right=Right.PROXY)
def change(asked: Asked, *, on: bool, message: str | None = None) -> Maintenance:
    """Turn it `on`, with a `message`, or off."""
    from pushdeploy.proxy import maintenance as story

    if on:
        story.maintenance_on(asked.machine, asked.app, message)
    else:
        story.maintenance_off(asked.machine, asked.app)
    return maintenance.run(asked)
