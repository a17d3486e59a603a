"""An app's own Redis on the same server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.errors import UsageError
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Server:
    """Whether the server has a Redis or Valkey, and which it would get."""

    installed: bool
    package: str


@dataclass(frozen=True, slots=True)
class Info:
    """How an app's Redis stands."""

    variables: tuple[str, ...]
    """The config vars that name it."""
    version: str
    used: int
    """Bytes."""
    most: int
    """Bytes; then it refuses what would need more."""
    clients: int
    keys: int
    persisted: bool
    """What was written last has reached the disk's file."""


@verb("redis.server", Server, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def server(asked: Asked) -> Server:
    """Tell whether the server has a Redis, and what would be installed."""
    tool = asked.machine.redis
    installed = tool.is_installed()
    return Server(installed, "" if installed else tool.package())


@verb("redis.install", Done, right=Right.SERVER, app=App.NONE)
def install(asked: Asked, *, confirmed: bool = False) -> Done:
    """Install Debian's, if that is `confirmed`."""
    if not confirmed:
        raise UsageError("installing Redis must be confirmed", hint="pushdeploy redis:create --yes")
    asked.machine.redis.install()
    return Done()


@verb("redis.create", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def create(asked: Asked, *, variable: str, memory: int | None = None) -> Ended:
    """Start one with so many MiB, and set the config var `variable` to its address."""
    from pushdeploy.databases import redis

    return redis.create(
        asked.machine,
        asked.app,
        asked.session,
        variable=variable,
        memory=memory,
        who=asked.who,
    )


@verb("redis", Info, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked) -> Info:
    """Tell how it stands."""
    from pushdeploy.databases import redis, told

    facts = redis.facts(asked.machine, asked.app)
    return Info(
        variables=told.variables(asked.machine, asked.app, redis.KIND),
        version=facts.version,
        used=facts.used,
        most=facts.most,
        clients=facts.clients,
        keys=facts.keys,
        persisted=facts.persisted,
    )


@verb("redis.destroy", Ended, right=Right.APPS, log=True, seconds=ATTEMPT_SECONDS)
def destroy(asked: Asked, *, confirm: str | None = None, force: bool = False) -> Ended:
    """Delete it, if `confirm` is the app's name; with `force`, also if the app needs it."""
    from pushdeploy.databases import redis, told

    app = asked.app
    told.require(asked.machine, app, redis.KIND, force=force, going=True)
    if confirm != app:
        raise UsageError(
            f"destroying deletes all that the Redis of `{app}` holds",
            hint=f"pushdeploy redis:destroy --app {app} --confirm {app}",
        )
    return redis.destroy(asked.machine, app, asked.session, who=asked.who, force=force)
