"""Causes that PostgreSQL names when it lets nobody in: a user, a password, a database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.model.cause import Cause
from pushdeploy.model.database import Database
from pushdeploy.model.supply import POSTGRES_VAR, create, own

if TYPE_CHECKING:
    from pushdeploy.model.cause import Evidence

_NAME = r'"([A-Za-z_][\w.-]{0,62})"'
_PASSWORD = re.compile(rf"password authentication failed for user {_NAME}")
_PEER = re.compile(rf"Peer authentication failed for user {_NAME}|role {_NAME} does not exist")
_DATABASE = re.compile(rf"database {_NAME} does not exist")
_TOO_MANY = re.compile(
    r"too many connections for role (?P<role>\"pd-[a-z0-9-]{1,30}\")"
    r"|sorry, too many clients already|remaining connection slots are reserved"
)
_SCHEMA = "permission denied for schema public"


def postgres(seen: Evidence) -> Cause | None:
    """It listens, and refuses."""
    found = _PASSWORD.search(seen.output)
    if found is not None:
        return Cause(
            f"PostgreSQL refuses the password of `{found[1]}`, or knows no such user.",
            f"pushdeploy config:set {POSTGRES_VAR}=postgresql://{found[1]}:PASSWORD@HOST/NAME "
            f"--app {seen.app}",
        )
    found = _PEER.search(seen.output)
    if found is not None:
        return Cause(
            f"PostgreSQL does not let the app in as `{found[1] or found[2]}` over its socket; over "
            "the network it asks for a password.",
            f"have the code read {POSTGRES_VAR}, {seen.again}"
            if own(Database.POSTGRES, seen.app, seen.config)
            else create(Database.POSTGRES, seen.app),
        )
    found = _DATABASE.search(seen.output)
    if found is not None:
        return Cause(
            f"PostgreSQL has no database `{found[1]}`.",
            f"on its server: sudo -u postgres createdb --owner USER {found[1]}",
        )
    if _SCHEMA in seen.output:
        return Cause(
            "The database belongs to another user: since PostgreSQL 15 only its owner may create "
            "tables in it.",
            "on its server: sudo -u postgres psql -c 'ALTER DATABASE NAME OWNER TO USER'",
        )
    return _too_many(seen)


def _too_many(seen: Evidence) -> Cause | None:
    found = _TOO_MANY.search(seen.output)
    if found is None:
        return None
    if found["role"]:
        return Cause(
            "The app has as many connections to PostgreSQL as it may have, those of the release "
            "before it too.",
            f"pushdeploy pg:create --connections 80 --app {seen.app}; or have it keep fewer",
        )
    return Cause(
        "All connections of PostgreSQL are taken, by all its apps together.",
        "on its server: sudo -u postgres psql -c 'ALTER SYSTEM SET max_connections = 200', "
        "then: sudo systemctl restart postgresql",
    )
