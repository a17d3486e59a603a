"""Whether web is restarted when it hangs, and what the watchdog found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Watchdog:
    """The setting of an app."""

    app: str
    watchdog: bool
    """web is restarted when it hangs."""


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """What was done, in words."""

    did: tuple[str, ...]


@verb("watchdog", Watchdog, right=Right.LOOK, seconds=QUERY_SECONDS)
def watchdog(asked: Asked) -> Watchdog:
    """Tell the setting."""
    return Watchdog(asked.app, asked.records().settings().watchdog)


@verb("watchdog.set", Watchdog, right=Right.CONFIGURE)
def change(asked: Asked, *, on: bool) -> Watchdog:
    """Turn it `on` or off."""
    from pushdeploy.deploy.attempt import app_lock

    with app_lock(asked.machine, asked.app, asked.session, asked.who, "a setting") as records:
        records.change_settings(lambda before: before.changed(watchdog=on))
    return Watchdog(asked.app, on)


@verb("watchdog.found", LookedAfter, right=Right.SERVER)
def found(asked: Asked, *, hung: int | None = None) -> LookedAfter:
    """Fix what the watchdog found: the release that was `hung`, or else what is down."""
    from pushdeploy.watch.restart_hung import look_after

    return LookedAfter(tuple(look_after(asked.machine, asked.app, hung)))
