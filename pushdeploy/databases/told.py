"""What is the same for each kind of database: noted, told to the app, taken back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.config_var import check_name
from pushdeploy.model.database import COMMANDS, NAMES, SQL, URLS, Database, is_address
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.release import Kind
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings

WELL = (EndedAs.LIVE, EndedAs.RECORDED, EndedAs.NOTHING)


def refuse_taken(machine: Machine, app: str, kind: Database, variable: str) -> None:
    """See that the config var is free, or has this very value.

    Raises:
        UsageError: it has another value, or can't be set.
    """
    check_name(variable)
    value = _records(machine, app).environment().values.get(variable)
    if value is not None and value != URLS[kind](app):
        raise UsageError(
            f"`{variable}` of `{app}` is set already",
            hint=f"pushdeploy config:unset {variable} --app {app}; or add: --as OTHER_URL",
        )


def known_as(machine: Machine, app: str, kind: Database, variable: str) -> str:
    """The config var by which the app knows its own already; else the one that is proposed."""
    values = _records(machine, app).environment().values
    address = URLS[kind](app)
    return next((name for name, value in values.items() if value == address), variable)


def note(machine: Machine, app: str, kind: Database) -> None:
    """Note that the app has one: from then on the app is not destroyed without a word about it."""

    def with_it(before: AppSettings) -> AppSettings:
        return before.changed(databases=tuple(sorted({*before.databases, kind})))

    _records(machine, app).change_settings(with_it)


def forget(machine: Machine, app: str, kind: Database) -> None:
    """Note that the app has none any more, in settings that can be read."""

    def without_it(before: AppSettings) -> AppSettings:
        return before.changed(databases=tuple(sorted({*before.databases} - {kind})))

    with suppress(RefusedInputError):
        _records(machine, app).change_settings(without_it)


def require(
    machine: Machine, app: str, kind: Database, *, force: bool = False, going: bool = False
) -> None:
    """See that the app has one.

    Args:
        machine: this one.
        app: its name.
        kind: which.
        force: take it for granted of an app whose settings can't be read.
        going: it is to be deleted: nobody wants one to be created for that.

    Raises:
        NotFoundError: it has none, or there is no such app.
    """
    try:
        databases = _records(machine, app).settings().databases
    except RefusedInputError:
        if force:
            return
        raise
    if kind not in databases:
        raise NotFoundError(
            f"`{app}` has no {NAMES[kind]} database",
            hint=None if going else f"pushdeploy {COMMANDS[kind]}:create --app {app}",
        )


def variables(machine: Machine, app: str, kind: Database) -> tuple[str, ...]:
    """The config vars that name the app's database."""
    values = _records(machine, app).environment().values
    return tuple(name for name, value in values.items() if is_address(value, kind, app))


def tell(
    machine: Machine, app: str, audience: Audience, kind: Database, *, variable: str, who: str
) -> Ended:
    """Set the config var by a release; of SQL its release command makes the tables first."""
    values = {variable: URLS[kind](app)}
    change = Change(
        Kind.CONFIG,
        f"Create a {NAMES[kind]} database as {variable}",
        environment=lambda before: before.set(values),
        release_phase=kind in SQL,
    )
    return change_release(machine, app, audience, change=change, who=who)


def done(ended: Ended, variable: str) -> Ended:
    """How it ended when something else was made or changed: then it is not `no change`."""
    if ended.outcome is not EndedAs.NOTHING:
        return ended
    return replace(ended, text=f"done; {variable} was set already")


def take_back(machine: Machine, app: str, audience: Audience, kind: Database, *, who: str) -> Ended:
    """Unset the config vars that name it, by a release."""
    names = variables(machine, app, kind)
    if not names:
        return Ended(EndedAs.NOTHING, 0, text="done")
    change = Change(
        Kind.CONFIG,
        f"Unset {', '.join(names)} config vars",
        environment=lambda before: before.unset(names),
    )
    return change_release(machine, app, audience, change=change, who=who)


def _records(machine: Machine, app: str) -> AppRecords:
    return AppRecords(machine.layout.app(app))
