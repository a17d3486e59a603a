"""Verbs of the watchdog: what it found, and whether it is to look after an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushdeploy.deploy.attempt import app_lock
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.revive import look_after
from pushdeploy.engine.caller import caller
from pushdeploy.engine.verbs import app_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.engine.verbs import Request


def _found(machine: Machine, session: Session, request: Request) -> list[str]:
    caller(machine, session, request)
    hung = request.get("hung")
    return look_after(machine, app_of(request), None if hung is None else int(hung))


def _watchdog(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, app, on = caller(machine, session, request), app_of(request), request.get("on")
    if on is not None:
        with app_lock(machine, app, session, who, "a setting") as journal:
            journal.change_settings(lambda before: before.changed(watchdog=bool(on)))
    return {"app": app, "watchdog": Journal(machine.layout.app(app)).settings().watchdog}


WATCHDOG: Mapping[str, Verb] = {"watchdog": _watchdog, "watchdog.found": _found}
"""Verbs of the watchdog."""
