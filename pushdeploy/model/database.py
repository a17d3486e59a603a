"""Databases of an app on the same server: their kinds, names, addresses and facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.app import app_user, unit_prefix
from pushdeploy.model.layout import redis_socket

if TYPE_CHECKING:
    from collections.abc import Iterable

POSTGRES_SOCKETS = "/run/postgresql"
"""The folder of Debian's PostgreSQL."""

MYSQL_SOCKET = "/run/mysqld/mysqld.sock"
"""Of Debian's MariaDB."""

SQL_CONNECTIONS = 40
"""To PostgreSQL or MariaDB, unless an app was given another limit: of 100 or 151 for all apps."""

REDIS_MEMORY = 256
"""MiB, unless an app was given another limit."""


class Database(StrEnum):
    """A kind of which an app can have one."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    REDIS = "redis"


NAMES = {
    Database.POSTGRES: "PostgreSQL",
    Database.MYSQL: "MariaDB",
    Database.REDIS: "Redis",
}
"""As people say them."""

COMMANDS = {Database.POSTGRES: "pg", Database.MYSQL: "mysql", Database.REDIS: "redis"}
"""The noun of each kind's commands."""

SQL = (Database.POSTGRES, Database.MYSQL)
"""Those with tables: each is a database of a server that all apps share."""


@dataclass(frozen=True, slots=True)
class SqlFacts:
    """How an app's PostgreSQL or MariaDB database stands."""

    version: str
    """Of the server: `15.14`."""
    size: int
    """Bytes."""
    connections: int
    connections_at_most: int
    """So many may the app have."""
    oldest_transaction: float | None
    """Seconds since it began; `None` when none is open."""


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """How an app's Redis stands."""

    version: str
    used: int
    """Bytes."""
    most: int
    """Bytes; then it refuses what would need more."""
    clients: int
    keys: int
    persisted: bool
    """What was written last has reached the disk's file."""


def sql_name(app: str) -> str:
    """`pd-blog`: the database, its role, and the system user that is let in as it."""
    return app_user(app)


def postgres_url(app: str) -> str:
    """What the app is told: by the unix socket, as its own user, without a password.

    The folder of the socket stands in the query: SQLAlchemy does not read it as a host, and all
    others read it here too.
    """
    name = sql_name(app)
    return f"postgresql://{name}@/{name}?host={POSTGRES_SOCKETS}"


def mysql_url(app: str) -> str:
    """The same of MariaDB. The host is there for those who can't do without; the socket counts."""
    name = sql_name(app)
    return f"mysql://{name}@localhost/{name}?unix_socket={MYSQL_SOCKET}"


def redis_url(app: str) -> str:
    """What the app is told: redis-py, django-redis and RQ take it; Celery wants another scheme."""
    return f"unix://{redis_socket(app)}"


URLS = {Database.POSTGRES: postgres_url, Database.MYSQL: mysql_url, Database.REDIS: redis_url}
"""What an app is told of each kind."""


def is_address(value: str, kind: Database, app: str) -> bool:
    """Whether a config var leads to the app's own; that of a Redis has more than one scheme."""
    if kind is Database.REDIS:
        return str(redis_socket(app)) in value
    return value == URLS[kind](app)


def redis_unit(app: str) -> str:
    """The unit of the app's Redis."""
    return f"{unit_prefix(app)}.redis.service"


def units_of(app: str, databases: Iterable[Database]) -> tuple[str, ...]:
    """The units that must have started before what uses these."""
    units = {
        Database.POSTGRES: "postgresql.service",
        Database.MYSQL: "mariadb.service",
        Database.REDIS: redis_unit(app),
    }
    return tuple(units[one] for one in databases)
