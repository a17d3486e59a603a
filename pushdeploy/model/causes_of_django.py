"""Causes that Django has of its own: names that it refuses, errors that it does not print."""

from __future__ import annotations

import re

from pushdeploy.model.cause import Cause, Evidence, last_of

BAD_REQUEST, SERVER_ERROR = 400, 500

_HOST = re.compile(r"Invalid HTTP_HOST header: '([\w.:-]{1,253})'\.")
_BAD_REQUEST = "<h1>Bad Request (400)</h1>"
_DJANGO_500 = "<h1>Server Error (500)</h1>"


def is_final(status: int | None, body: str) -> bool:
    """Whether asking again can't help: it is Django's answer to a name that it does not know."""
    return status == BAD_REQUEST and _BAD_REQUEST in body


def allowed_host(seen: Evidence) -> Cause | None:
    """Django refuses the name under which it was asked."""
    found = last_of(_HOST, seen.output)
    if found is None and not is_final(seen.status, seen.body):
        return None
    host = found[1].partition(":")[0] if found else seen.host
    text = f"Django refuses requests for `{host}`, which is not in ALLOWED_HOSTS."
    variable = seen.facts.hosts_var
    if variable:
        names = [*seen.config.get(variable, "").split(","), host, *seen.domains]
        value = ",".join(dict.fromkeys(one.strip() for one in names if one.strip()))
        if value == "localhost":
            text += " It lists all names that visitors type, and `localhost` for this check."
            value += ",SERVER"
        return Cause(text, f"pushdeploy config:set {variable}={value} --app {seen.app}")
    return Cause(text, f"add '{host}' to ALLOWED_HOSTS in the settings, {seen.again}")


def silent(seen: Evidence) -> Cause | None:
    """Django's 500, of which nothing is logged by default."""
    error = seen.status == SERVER_ERROR and _DJANGO_500 in seen.body
    if not error or "Traceback (most" in seen.output:
        return None
    return Cause(
        "Django prints no traceback while DEBUG is off and LOGGING has no handler for the console.",
        f"add a handler for the console to LOGGING in the settings, {seen.again}",
    )
