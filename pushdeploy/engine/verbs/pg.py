"""An app's PostgreSQL database on the same server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.attached import Ran, attach
from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, DAY_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.errors import UsageError
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Server:
    """Whether the server has a PostgreSQL."""

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


@verb("pg.server", Server, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def server(asked: Asked) -> Server:
    """Tell whether the server has a PostgreSQL."""
    return Server(asked.machine.postgres.is_installed())


@verb("pg.install", Done, right=Right.SERVER, app=App.NONE)
def install(asked: Asked, *, confirmed: bool = False) -> Done:
    """Install Debian's, if that is `confirmed`."""
    if not confirmed:
        raise UsageError(
            "installing PostgreSQL must be confirmed", hint="pushdeploy pg:create --yes"
        )
    asked.machine.postgres.install()
    return Done()


@verb("pg.create", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def create(asked: Asked, *, variable: str, connections: int | None = None) -> Ended:
    """Make a database, and set the config var `variable` to its address; or set its limit."""
    from pushdeploy.databases import sql
    from pushdeploy.model.database import Database

    return sql.create(
        asked.machine,
        asked.app,
        asked.session,
        Database.POSTGRES,
        variable=variable,
        connections=connections,
        who=asked.who,
    )


@verb("pg", Info, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked) -> Info:
    """Tell how it stands."""
    from pushdeploy.databases import sql, told
    from pushdeploy.model.database import Database, sql_name

    facts = sql.facts(asked.machine, asked.app, Database.POSTGRES)
    return Info(
        database=sql_name(asked.app),
        variables=told.variables(asked.machine, asked.app, Database.POSTGRES),
        version=facts.version,
        size=facts.size,
        connections=facts.connections,
        connections_at_most=facts.connections_at_most,
        oldest_transaction=facts.oldest_transaction,
    )


@verb("pg.psql", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def psql(asked: Asked, *, terminal: bool = False, term: str = "") -> Ran:
    """Run psql as the app; `terminal`, `term`: the caller's."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=terminal, term=term)
    told.require(asked.machine, asked.app, Database.POSTGRES)
    return attached.run(asked, client.shell(asked.machine, asked.app, Database.POSTGRES))


@verb("pg.dump", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def dump(asked: Asked) -> Ran:
    """Write a dump to the caller's stdout."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=False, term="")
    told.require(asked.machine, asked.app, Database.POSTGRES)
    return attached.run(asked, client.dump(asked.machine, asked.app, Database.POSTGRES))


@verb("pg.restore", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def restore(asked: Asked, *, confirm: str | None = None) -> Ran:
    """Read a dump from the caller's stdin, if `confirm` is the app's name."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=False, term="")
    told.require(asked.machine, asked.app, Database.POSTGRES)
    _require_confirmed(asked.app, confirm, "restoring replaces what the database", "pg:restore")
    return attached.run(asked, client.restore(asked.machine, asked.app, Database.POSTGRES))


@verb("pg.destroy", Ended, right=Right.APPS, log=True, seconds=ATTEMPT_SECONDS)
def destroy(asked: Asked, *, confirm: str | None = None, force: bool = False) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    from pushdeploy.databases import sql, told
    from pushdeploy.model.database import Database

    told.require(asked.machine, asked.app, Database.POSTGRES, force=force, going=True)
    _require_confirmed(asked.app, confirm, "destroying deletes all that the database", "pg:destroy")
    return sql.destroy(
        asked.machine, asked.app, asked.session, Database.POSTGRES, who=asked.who, force=force
    )


def _require_confirmed(app: str, confirm: str | None, what: str, command: str) -> None:
    if confirm != app:
        raise UsageError(
            f"{what} of `{app}` holds", hint=f"pushdeploy {command} --app {app} --confirm {app}"
        )
