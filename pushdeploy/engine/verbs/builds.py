"""What builds have downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.registry import Done, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@verb("builds.clear_cache", Done, right=Right.CONFIGURE)
def clear_cache(asked: Asked) -> Done:
    """Delete it."""
    from pushdeploy.build.keep_wheels import clear_cache as clear
    from pushdeploy.deploy.attempt import app_lock

    what = "clearing a cache"
    with app_lock(asked.machine, asked.app, asked.session, asked.who, what):
        clear(asked.machine, asked.app)
    return Done()
