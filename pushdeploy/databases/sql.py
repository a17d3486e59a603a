"""An app's PostgreSQL or MariaDB database: made, told to the app, looked at, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.databases import told
from pushdeploy.databases.client import probe
from pushdeploy.errors import UnavailableError
from pushdeploy.model.database import COMMANDS, NAMES, Database, sql_name
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.database import SqlFacts

KEPT_OUT = {
    Database.POSTGRES: (
        "sudo grep local /etc/postgresql/*/main/pg_hba.conf; it needs: local all all peer"
    ),
    Database.MYSQL: "sudo mariadb -e 'SHOW PLUGINS'; it needs unix_socket",
}
"""What to look at when an app is not let in."""


def create(
    machine: Machine,
    app: str,
    audience: Audience,
    kind: Database,
    *,
    variable: str,
    connections: int | None = None,
    who: str,
) -> Ended:
    """Make the app's database, or what is missing of it, and tell the app where it is.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        kind: which server it is made in.
        variable: the config var for its address.
        connections: how many the app may have; `None` leaves that as it is.
        who: asks for it.

    Raises:
        UsageError: the config var has another value already.
        UnavailableError: the server is not here, or does not let the app in.
    """
    if connections is not None:
        variable = told.known_as(machine, app, kind, variable)
    told.refuse_taken(machine, app, kind, variable)
    require(machine, kind)
    if connections is not None:
        records = AppRecords(machine.layout.app(app))
        records.change_settings(lambda before: before.changed(sql_connections=connections))
    is_new = not machine.sql(kind).has(sql_name(app))
    ensure(machine, app, kind)
    ended = told.tell(machine, app, audience, kind, variable=variable, who=who)
    return told.done(ended, variable) if is_new or connections is not None else ended


def ensure(machine: Machine, app: str, kind: Database) -> None:
    """Note it, make role and database, or what is missing of them; see that the app is let in.

    Raises:
        UnavailableError: it is not.
    """
    told.note(machine, app, kind)
    most = AppRecords(machine.layout.app(app)).settings().sql_connections
    machine.sql(kind).ensure(sql_name(app), most)
    said: list[str] = []
    if machine.supervisor.once(probe(machine, app, kind), said.append) != 0:
        why = said[-1] if said else "no reason given"
        raise UnavailableError(
            f"{NAMES[kind]} does not let `{sql_name(app)}` in: {why}",
            hint=KEPT_OUT[kind],
        )


def require(machine: Machine, kind: Database) -> None:
    """See that the server is here.

    Raises:
        UnavailableError: it is not.
    """
    if not machine.sql(kind).is_installed():
        raise UnavailableError(
            f"{NAMES[kind]} is not installed", hint=f"pushdeploy {COMMANDS[kind]}:create --yes"
        )


def facts(machine: Machine, app: str, kind: Database) -> SqlFacts:
    """How the app's database stands."""
    told.require(machine, app, kind)
    require(machine, kind)
    return machine.sql(kind).facts(sql_name(app))


def destroy(
    machine: Machine, app: str, audience: Audience, kind: Database, *, who: str, force: bool
) -> Ended:
    """Unset the config vars that name it, and delete the database once the app does without it.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        kind: which.
        who: asks for it.
        force: delete it although the app may still use it, and leave the config vars.

    Returns:
        How the release without the config vars ended; unless it went well, nothing was deleted.
    """
    told.require(machine, app, kind, force=force, going=True)
    ended = Ended(EndedAs.NOTHING, 0, text="done")
    if not force:
        ended = told.take_back(machine, app, audience, kind, who=who)
    if ended.outcome in told.WELL:
        if machine.sql(kind).is_installed():
            machine.sql(kind).drop(sql_name(app))
        told.forget(machine, app, kind)
    return ended
