"""Whether an app's pushes may install system packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Apt:
    """The setting of an app."""

    app: str
    on: bool


@verb("apt.set", Apt, right=Right.SERVER)
def change(asked: Asked, *, on: bool) -> Apt:
    """Have pushes install what the Aptfile names, or not: `on`.

    Only root may: whoever may push the app then chooses what is installed on the server.
    """
    from pushdeploy.deploy.attempt import app_lock
    from pushdeploy.errors import NotAllowedError

    if not asked.caller.is_owner:
        raise NotAllowedError(
            "only root may say whether pushes install system packages",
            hint=f"on the server: sudo pushdeploy apt:{'allow' if on else 'forbid'}",
        )
    with app_lock(asked.machine, asked.app, asked.session, asked.who, "a setting") as records:
        records.change_settings(lambda before: before.changed(system_packages=on))
    return Apt(asked.app, on)
