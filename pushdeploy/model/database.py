"""Databases of an app on the same server: their kinds, names, addresses and facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.app import app_user

if TYPE_CHECKING:
    from collections.abc import Iterable

POSTGRES_SOCKETS = "/run/postgresql"
"""The folder of Debian's PostgreSQL."""


class Database(StrEnum):
    """A kind of which an app can have one."""

    POSTGRES = "postgres"


NAMES = {Database.POSTGRES: "PostgreSQL"}
"""As people say them."""

COMMANDS = {Database.POSTGRES: "pg"}
"""The noun of each kind's commands."""


@dataclass(frozen=True, slots=True)
class PostgresFacts:
    """How an app's database stands."""

    version: str
    """Of the server: `15.14`."""
    size: int
    """Bytes."""
    connections: int
    oldest_transaction: float | None
    """Seconds since it began; `None` when none is open."""


def postgres_name(app: str) -> str:
    """`pd-blog`: the database, its role, and the system user that is let in as it."""
    return app_user(app)


def postgres_url(app: str) -> str:
    """What the app is told: by the unix socket, as its own user, without a password.

    The folder of the socket stands in the query: SQLAlchemy does not read it as a host, and all
    others read it here too.
    """
    name = postgres_name(app)
    return f"postgresql://{name}@/{name}?host={POSTGRES_SOCKETS}"


def units_of(databases: Iterable[Database]) -> tuple[str, ...]:
    """The units that must have started before what uses these."""
    units = {Database.POSTGRES: "postgresql.service"}
    return tuple(units[one] for one in databases)
