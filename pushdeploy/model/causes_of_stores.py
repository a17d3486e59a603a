"""Causes that MySQL and Redis name when they let nobody in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.model.cause import Cause
from pushdeploy.model.supply import celery_url

if TYPE_CHECKING:
    from pushdeploy.model.cause import Evidence

_NAME = r"'([A-Za-z_][\w.-]{0,62})'"
_HOST = r"'[^'\n]{1,255}'"
_DENIED = re.compile(rf"Access denied for user {_NAME}@{_HOST}(?: to database {_NAME})?")
_UNKNOWN = re.compile(rf"Unknown database {_NAME}")
_OWN_MOST = re.compile(
    r"User 'pd-[a-z0-9-]{1,30}' has (?:exceeded the 'max_user_connections' resource"
    r"|already more than 'max_user_connections')"
)
_MOST = re.compile(r"\(1040, .Too many connections|ERROR 1040 ")
_REDIS_PASSWORD = re.compile(
    r"\bWRONGPASS\b|invalid username-password pair|\binvalid password\b(?=[^\n]{0,40}$)",
    re.MULTILINE,
)
_REDIS_NONE = re.compile(r"\bNOAUTH\b|AuthenticationError: Authentication required")
_REDIS_TOO_MUCH = re.compile(
    r"AUTH <password> called without any password configured"
    r"|Client sent AUTH, but no password is set"
)
_REDIS = re.compile(r"redis|valkey", re.IGNORECASE)


def mysql(seen: Evidence) -> Cause | None:
    """It listens, and refuses a password, or to open a database."""
    found = _DENIED.search(seen.output)
    if found is not None and found[2]:
        return Cause(
            f"MySQL does not let `{found[1]}` into the database `{found[2]}`.",
            f"on its server: sudo mysql -e 'GRANT ALL ON {found[2]}.* TO {found[1]}@HOST'",
        )
    if found is not None:
        return Cause(
            f"MySQL refuses the password of `{found[1]}`, or knows no such user.",
            f"pushdeploy config:set DATABASE_URL=mysql://{found[1]}:PASSWORD@HOST/NAME "
            f"--app {seen.app}",
        )
    found = _UNKNOWN.search(seen.output)
    if found is not None:
        return Cause(
            f"MySQL has no database `{found[1]}`.",
            f"on its server: sudo mysql -e 'CREATE DATABASE {found[1]}'",
        )
    if _OWN_MOST.search(seen.output):
        return Cause(
            "The app has as many connections to MariaDB as it may have, those of the release "
            "before it too.",
            f"pushdeploy mysql:create --connections 80 --app {seen.app}; or have it keep fewer",
        )
    if _MOST.search(seen.output):
        return Cause(
            "All connections of MySQL are taken, by all its apps together.",
            "on its server: sudo mysql -e 'SET GLOBAL max_connections = 300'",
        )
    return None


_NO_TRANSPORT = re.compile(
    r"No such transport: unix\b|(?P<results>ModuleNotFoundError: No module named 'unix')"
)


def celery(seen: Evidence) -> Cause | None:
    """Celery got the address of a Redis on a unix socket as all others take it."""
    found = _NO_TRANSPORT.search(seen.output)
    if found is None:
        return None
    variable = "CELERY_RESULT_BACKEND" if found["results"] else "CELERY_BROKER_URL"
    return Cause(
        "Celery wants `redis+socket://` for a Redis on a unix socket, and not `unix://`.",
        f"pushdeploy config:set {variable}={celery_url(seen.app)} --app {seen.app}",
    )


def redis(seen: Evidence) -> Cause | None:
    """It listens, and wants another password, one at all, or none."""
    if not _REDIS.search(seen.output):
        return None
    if _REDIS_TOO_MUCH.search(seen.output):
        return _url(seen, "Redis has no password, and is given one.", "redis://HOST:6379/0")
    if _REDIS_PASSWORD.search(seen.output):
        return _url(seen, "Redis refuses the password.", "redis://:PASSWORD@HOST:6379/0")
    if _REDIS_NONE.search(seen.output):
        return _url(seen, "Redis asks for a password.", "redis://:PASSWORD@HOST:6379/0")
    return None


def _url(seen: Evidence, text: str, value: str) -> Cause:
    name = next((one for one in _VARIABLES if one in seen.config), _VARIABLES[0])
    return Cause(text, f"pushdeploy config:set {name}={value} --app {seen.app}")


_VARIABLES = ("REDIS_URL", "CELERY_BROKER_URL", "BROKER_URL", "CACHE_URL")
"""Config vars that lead to it; the first unless the app has another."""
