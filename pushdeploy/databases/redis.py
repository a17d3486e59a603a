"""An app's own Redis: started, told to the app by a release, looked at, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.databases import told
from pushdeploy.errors import UnavailableError
from pushdeploy.model.database import Database
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.database import RedisFacts

KIND = Database.REDIS


def create(
    machine: Machine,
    app: str,
    audience: Audience,
    *,
    variable: str,
    memory: int | None,
    who: str,
) -> Ended:
    """Start the app's Redis, or give it another limit, and tell the app where it is.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        variable: the config var for its address.
        memory: MiB that it may fill; `None` leaves it as it is.
        who: asks for it.

    Raises:
        UsageError: the config var has another value already.
        UnavailableError: Redis is not here, or does not start.
    """
    if memory is not None:
        variable = told.known_as(machine, app, KIND, variable)
    told.refuse_taken(machine, app, KIND, variable)
    require(machine)
    told.note(machine, app, KIND)
    if memory is not None:
        records = AppRecords(machine.layout.app(app))
        records.change_settings(lambda before: before.changed(redis_memory=memory))
    changed = start(machine, app)
    ended = told.tell(machine, app, audience, KIND, variable=variable, who=who)
    return told.done(ended, variable) if changed else ended


def require(machine: Machine) -> None:
    """See that Redis is here.

    Raises:
        UnavailableError: it is not.
    """
    if not machine.redis.is_installed():
        raise UnavailableError("Redis is not installed", hint="pushdeploy redis:create --yes")


def start(machine: Machine, app: str) -> bool:
    """Have it run as the settings say; returns False when it did."""
    memory = AppRecords(machine.layout.app(app)).settings().redis_memory
    return machine.redis.start(app, memory)


def facts(machine: Machine, app: str) -> RedisFacts:
    """How it stands."""
    told.require(machine, app, KIND)
    require(machine)
    return machine.redis.facts(app)


def destroy(machine: Machine, app: str, audience: Audience, *, who: str, force: bool) -> Ended:
    """Unset the config vars that name it, and delete it once the app does without it.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        who: asks for it.
        force: delete it although the app may still use it, and leave the config vars.

    Returns:
        How the release without the config vars ended; unless it went well, nothing was deleted.
    """
    told.require(machine, app, KIND, force=force, going=True)
    ended = Ended(EndedAs.NOTHING, 0, text="done")
    if not force:
        ended = told.take_back(machine, app, audience, KIND, who=who)
    if ended.outcome in told.WELL:
        told.forget(machine, app, KIND)  # first, or the timer would start it again
        machine.redis.remove(app)
    return ended
