"""An app's MariaDB database on the same server."""

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

KIND = Database.MYSQL


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
    return sql.create(asked, KIND, variable, connections)


@verb("mysql", Info, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked) -> Info:
    """Tell how it stands."""
    return sql.info(asked, KIND)


@verb("mysql.cli", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def cli(asked: Asked, *, terminal: bool = False, term: str = "") -> Ran:
    """Run the client as the app; `terminal`, `term`: the caller's."""
    from pushdeploy.databases import client

    return sql.run_client(asked, KIND, client.shell, terminal=terminal, term=term)


@verb("mysql.dump", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def dump(asked: Asked) -> Ran:
    """Write a dump to the caller's stdout."""
    from pushdeploy.databases import client

    return sql.run_client(asked, KIND, client.dump)


@verb("mysql.restore", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def restore(asked: Asked, *, confirm: str | None = None) -> Ran:
    """Read a dump from the caller's stdin, if `confirm` is the app's name."""
    return sql.restore(asked, KIND, confirm, "mysql:restore")


@verb("mysql.destroy", Ended, right=Right.APPS, log=True, seconds=ATTEMPT_SECONDS)
def destroy(asked: Asked, *, confirm: str | None = None, force: bool = False) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    return sql.destroy(asked, KIND, confirm, "mysql:destroy", force=force)
