"""What `pg` and `mysql` have in common; each names its kind of database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.attached import attach
from pushdeploy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.engine.asked import Asked
    from pushdeploy.engine.attached import Ran
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.database import Database
    from pushdeploy.model.ended import Ended
    from pushdeploy.model.job import Job


@dataclass(frozen=True, slots=True)
class Server:
    """Whether the server has what such databases need."""

    installed: bool


@dataclass(frozen=True, slots=True)
class Info:
    """How an app's database stands."""

    database: str
    variables: tuple[str, ...]
    """The config vars that name it."""
    version: str
    size: int
    """Bytes."""
    connections: int
    connections_at_most: int
    """So many may the app have."""
    oldest_transaction: float | None
    """Seconds; `None` when none is open."""


def create(asked: Asked, kind: Database, variable: str, connections: int | None) -> Ended:
    """Make a database, and set the config var `variable` to its address; or set its limit."""
    from pushdeploy.databases import sql

    return sql.create(
        asked.machine,
        asked.app,
        asked.session,
        kind,
        variable=variable,
        connections=connections,
        who=asked.who,
    )


def info(asked: Asked, kind: Database) -> Info:
    """Tell how it stands."""
    from pushdeploy.databases import sql, told
    from pushdeploy.model.database import sql_name

    facts = sql.facts(asked.machine, asked.app, kind)
    return Info(
        database=sql_name(asked.app),
        variables=told.variables(asked.machine, asked.app, kind),
        version=facts.version,
        size=facts.size,
        connections=facts.connections,
        connections_at_most=facts.connections_at_most,
        oldest_transaction=facts.oldest_transaction,
    )


def run_client(
    asked: Asked,
    kind: Database,
    job_of: Callable[[Machine, str, Database], Job],
    *,
    terminal: bool = False,
    term: str = "",
) -> Ran:
    """Run one of the database's own programs as the app; `terminal`, `term`: the caller's."""
    from pushdeploy.databases import told

    attached = attach(asked, terminal=terminal, term=term)
    told.require(asked.machine, asked.app, kind)
    return attached.run(asked, job_of(asked.machine, asked.app, kind))


def restore(asked: Asked, kind: Database, confirm: str | None, command: str) -> Ran:
    """Read a dump from the caller's stdin, if `confirm` is the app's name."""
    from pushdeploy.databases import client, told

    attached = attach(asked, terminal=False, term="")
    told.require(asked.machine, asked.app, kind)
    _require_confirmed(asked.app, confirm, "restoring replaces what the database", command)
    return attached.run(asked, client.restore(asked.machine, asked.app, kind))


def destroy(
    asked: Asked, kind: Database, confirm: str | None, command: str, *, force: bool
) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    from pushdeploy.databases import sql, told

    told.require(asked.machine, asked.app, kind, force=force, going=True)
    _require_confirmed(asked.app, confirm, "destroying deletes all that the database", command)
    return sql.destroy(asked.machine, asked.app, asked.session, kind, who=asked.who, force=force)


def _require_confirmed(app: str, confirm: str | None, what: str, command: str) -> None:
    if confirm != app:
        raise UsageError(
            f"{what} of `{app}` holds", hint=f"pushdeploy {command} --app {app} --confirm {app}"
        )
