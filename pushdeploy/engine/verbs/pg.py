"""An app's PostgreSQL database on the same server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine import sql
from pushdeploy.engine.attached import Ran
from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, DAY_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.engine.sql import Info, Server
from pushdeploy.errors import UsageError
from pushdeploy.model.database import Database
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked

KIND = Database.POSTGRES


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
    return sql.create(asked, KIND, variable, connections)


@verb("pg", Info, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked) -> Info:
    """Tell how it stands."""
    return sql.info(asked, KIND)


@verb("pg.psql", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def psql(asked: Asked, *, terminal: bool = False, term: str = "") -> Ran:
    """Run psql as the app; `terminal`, `term`: the caller's."""
    from pushdeploy.databases import client

    return sql.run_client(asked, KIND, client.shell, terminal=terminal, term=term)


@verb("pg.dump", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def dump(asked: Asked) -> Ran:
    """Write a dump to the caller's stdout."""
    from pushdeploy.databases import client

    return sql.run_client(asked, KIND, client.dump)


@verb("pg.restore", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def restore(asked: Asked, *, confirm: str | None = None) -> Ran:
    """Read a dump from the caller's stdin, if `confirm` is the app's name."""
    return sql.restore(asked, KIND, confirm, "pg:restore")


@verb("pg.destroy", Ended, right=Right.APPS, log=True, seconds=ATTEMPT_SECONDS)
def destroy(asked: Asked, *, confirm: str | None = None, force: bool = False) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    return sql.destroy(asked, KIND, confirm, "pg:destroy", force=force)
