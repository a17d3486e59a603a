"""The commands that give an app config vars which it misses: a database's, or a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.database import (
    COMMANDS,
    POSTGRES_SOCKETS,
    URLS,
    Database,
    redis_url,
    sql_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

POSTGRES_VAR, REDIS_VAR = "DATABASE_URL", "REDIS_URL"
VARIABLES = {
    Database.POSTGRES: POSTGRES_VAR,
    Database.MYSQL: POSTGRES_VAR,
    Database.REDIS: REDIS_VAR,
}
"""What `pg:create`, `mysql:create` and `redis:create` set."""

_CELERY = {"CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"}
"""Celery looks here first, whatever its settings say."""


def assigned(name: str) -> str:
    """What `config:set` is given for a config var that is not set: a secret is made."""
    if name.upper().endswith("SECRET_KEY"):
        return f"{name}=$(openssl rand -hex 32)"
    return f"{name}=VALUE"


def supply(names: Iterable[str], app: str, config: Mapping[str, str]) -> str:
    """One command, or more with `; ` between them, after which all of the names are set.

    Args:
        names: of config vars.
        app: its name.
        config: the config vars that are set.
    """
    wanted = tuple(dict.fromkeys(names))
    known = {name: celery_url(app) for name in wanted if name in _CELERY}
    if any(name in _libpq(app) for name in wanted):
        known |= _libpq(app)
    needed = {
        Database.POSTGRES: {POSTGRES_VAR, *_libpq(app)} & {*wanted},
        Database.REDIS: {REDIS_VAR, *_CELERY} & {*wanted},
    }
    made = [create(kind, app) for kind in needed if needed[kind] and not own(kind, app, config)]
    missing = (name for name in dict.fromkeys((*wanted, *known)) if name not in config)
    given = [
        f"{name}={known[name]}" if name in known else assigned(name)
        for name in missing
        if name not in VARIABLES.values()
    ]
    if given:
        made.append(f"pushdeploy config:set {' '.join(given)} --app {app}")
    return "; ".join(made)


def _libpq(app: str) -> dict[str, str]:
    """The variables of PostgreSQL's own library, which some settings read one by one."""
    name = sql_name(app)
    return {
        "PGHOST": POSTGRES_SOCKETS,
        "PGPORT": "5432",
        "PGUSER": name,
        "PGPASSWORD": "unused",
        "PGDATABASE": name,
    }


def create(kind: Database, app: str) -> str:
    """The command that gives it one of its own."""
    return f"pushdeploy {COMMANDS[kind]}:create --app {app} --yes"


def own(kind: Database, app: str, config: Mapping[str, str]) -> bool:
    """Whether the config var that leads to a database leads to the app's own."""
    return config.get(VARIABLES[kind]) == URLS[kind](app)


def celery_url(app: str) -> str:
    """The app's own Redis, as Celery wants it."""
    return redis_url(app).replace("unix://", "redis+socket://", 1)
