"""The databases of apps run: their Redis is started, and what is missing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.database import COMMANDS, NAMES, SQL, Database, sql_name
from pushdeploy.model.failed import Failed
from pushdeploy.model.typed_command import with_app

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings


def start_databases(
    machine: Machine, app: str, settings: AppSettings, *, wait: bool = True
) -> list[str]:
    """Start an app's own; returns what was done. What is the system's, the system starts."""
    if Database.REDIS in settings.databases and machine.redis.start(
        app, settings.redis_memory, wait=wait
    ):
        return ["started its Redis"]
    return []


def check_databases(machine: Machine, app: str, settings: AppSettings) -> list[str]:
    """Start what does not run, and say what is not there, as on a server that it has moved to.

    Nobody waits: an app can keep its own from ever being ready, and others come after it.
    """
    try:
        did = start_databases(machine, app, settings, wait=False)
        for kind in SQL:
            if kind in settings.databases and not machine.sql(kind).has(sql_name(app)):
                noun = COMMANDS[kind]
                helps = f"pushdeploy {noun}:create --app {app}, then {noun}:restore"
                did.append(Failed(f"its {NAMES[kind]} database is not there ({helps})"))
    except PushdeployError as error:
        hint = f" ({with_app(error.hint, app)})" if error.hint else ""
        return [Failed(f"{error.message}{hint}")]
    return did
