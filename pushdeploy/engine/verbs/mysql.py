"""An app's MariaDB database on the same server."""

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
    """Whether the server has a MariaDB."""

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


@verb("mysql.server", Server, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def server(asked: Asked) -> Server:
    """Tell whether the server has a MariaDB."""
    return Server(asked.machine.mysql.is_installed())


@verb("mysql.install", Done, right=Right.SERVER, app=App.NONE)
def install(asked: Asked, *, confirmed: bool = False) -> Done:
    """Install Debian's, if that is `confirmed`."""
    if not confirmed:
        raise UsageError(
            "installing MariaDB must be confirmed", hint="pushdeploy mysql:create --yes"
        )
    asked.machine.mysql.install()
    return Done()


@verb("mysql.create", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def create(asked: Asked, *, variable: str, connections: int | None = None) -> Ended:
    """Make a database, and set the config var `variable` to its address; or set its limit."""
    from pushdeploy.databases import sql
    from pushdeploy.model.database import Database

    return sql.create(
        asked.machine,
        asked.app,
        asked.session,
        Database.MYSQL,
        variable=variable,
        connections=connections,
        who=asked.who,
    )


@verb("mysql", Info, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked) -> Info:
    """Tell how it stands."""
    from pushdeploy.databases import sql, told
    from pushdeploy.model.database import Database, sql_name

    facts = sql.facts(asked.machine, asked.app, Database.MYSQL)
    return Info(
        database=sql_name(asked.app),
        variables=told.variables(asked.machine, asked.app, Database.MYSQL),
        version=facts.version,
        size=facts.size,
        connections=facts.connections,
        connections_at_most=facts.connections_at_most,
        oldest_transaction=facts.oldest_transaction,
    )


@verb("mysql.cli", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def cli(asked: Asked, *, terminal: bool = False, term: str = "") -> Ran:
    """Run the client as the app; `terminal`, `term`: the caller's."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=terminal, term=term)
    told.require(asked.machine, asked.app, Database.MYSQL)
    return attached.run(asked, client.shell(asked.machine, asked.app, Database.MYSQL))


@verb("mysql.dump", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def dump(asked: Asked) -> Ran:
    """Write a dump to the caller's stdout."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=False, term="")
    told.require(asked.machine, asked.app, Database.MYSQL)
    return attached.run(asked, client.dump(asked.machine, asked.app, Database.MYSQL))


@verb("mysql.restore", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def restore(asked: Asked, *, confirm: str | None = None) -> Ran:
    """Read a dump from the caller's stdin, if `confirm` is the app's name."""
    from pushdeploy.databases import client, told
    from pushdeploy.model.database import Database

    attached = attach(asked, terminal=False, term="")
    told.require(asked.machine, asked.app, Database.MYSQL)
    _require_confirmed(asked.app, confirm, "restoring replaces what the database", "mysql:restore")
    return attached.run(asked, client.restore(asked.machine, asked.app, Database.MYSQL))


@verb("mysql.destroy", Ended, right=Right.APPS, log=True, seconds=ATTEMPT_SECONDS)
def destroy(asked: Asked, *, confirm: str | None = None, force: bool = False) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    from pushdeploy.databases import sql, told
    from pushdeploy.model.database import Database

    told.require(asked.machine, asked.app, Database.MYSQL, force=force, going=True)
    _require_confirmed(
        asked.app, confirm, "destroying deletes all that the database", "mysql:destroy"
    )
    return sql.destroy(
        asked.machine, asked.app, asked.session, Database.MYSQL, who=asked.who, force=force
    )


def _require_confirmed(app: str, confirm: str | None, what: str, command: str) -> None:
    if confirm != app:
        raise UsageError(
            f"{what} of `{app}` holds", hint=f"pushdeploy {command} --app {app} --confirm {app}"
        )
