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

    from pushdeploy.deploy.host import Host
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.engine.verbs import Request


def _found(host: Host, session: Session, request: Request) -> list[str]:
    caller(host, session, request)
    hung = request.get("hung")
    return look_after(host, app_of(request), None if hung is None else int(hung))


def _watchdog(host: Host, session: Session, request: Request) -> dict[str, Any]:
    who, app, on = caller(host, session, request), app_of(request), request.get("on")
    if on is not None:
        with app_lock(host, app, session, who, "a setting") as journal:
            journal.change_settings(lambda before: before.changed(watchdog=bool(on)))
    return {"app": app, "watchdog": Journal(host.layout.app(app)).settings().watchdog}


WATCHDOG: Mapping[str, Verb] = {"watchdog": _watchdog, "watchdog.found": _found}
"""Verbs of the watchdog."""
