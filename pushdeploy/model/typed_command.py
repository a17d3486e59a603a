"""Commands of ours in a hint: made such that they can be typed as they stand. Imports little."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushdeploy.errors import PushdeployError

OF_APP = frozenset(
    (
        *("apt:allow", "apt:forbid"),
        *("apps:destroy", "apps:set", "bare:set", "builds:clear-cache", "certs:add", "certs:auto"),
        *("certs:remove", "config", "config:explain", "config:get", "config:import"),
        *("cron", "cron:resume", "cron:run", "cron:runs", "cron:suspend"),
        *("config:set", "config:unset", "deploy", "domains", "domains:add", "domains:remove"),
        "git:gc",
        *("git:set", "logs", "maintenance", "maintenance:off", "maintenance:on", "nginx:set"),
        *("mysql:cli", "mysql:create", "mysql:destroy", "mysql:dump", "mysql:info"),
        "mysql:restore",
        *("pg:create", "pg:destroy", "pg:dump", "pg:info", "pg:psql", "pg:pull", "pg:push"),
        "pg:restore",
        *("nginx:show", "nginx:unset", "ps", "ps:scale", "releases", "releases:info"),
        *("redis:create", "redis:destroy", "redis:info"),
        *("releases:output", "restart", "rollback", "run", "static", "static:add"),
        *("static:remove", "storage", "storage:add", "storage:remove", "watchdog"),
        *("watchdog:off", "watchdog:on"),
    )
)
"""Commands that need an app. The model knows no commands: a test holds this to them exactly."""

OTHERS = frozenset(
    (
        *("backup:create", "backup:list", "backup:prune", "backup:restore", "backup:set"),
        *("backup:schedule", "backup:verify"),
        *("apps", "apps:create", "bare", "bare:unset", "certs", "certs:renewed", "check"),
        *("firewall:enable", "firewall:status", "import-unit", "init"),
        *("keys", "keys:add", "keys:remove", "python:auto", "python:install", "python:list"),
        *("notify", "notify:add", "notify:remove", "notify:test"),
        *("rebuild", "reconcile", "version", "--help"),
    )
)
"""All others, which do without; held to them too."""

_THERE = "on the server: "
_COMMAND = re.compile(rf"({_THERE})?(?:sudo )?pushdeploy (--help|[a-z]+(?:-[a-z]+)?(?::[a-z-]+)?)")
_REST = re.compile(r"[^;`\n]*")
_KEY_FILE = re.compile(r"( [a-z0-9._@-]+)? (\S+\.pub)")


def name_app(error: PushdeployError, app: str | None) -> None:
    """Have the error's hint be about this app, where its commands name none."""
    if app and error.hint:
        error.hint = with_app(error.hint, app)


def with_app(text: str, app: str) -> str:
    """The hint with `--app` behind each command that needs an app and names none."""

    def named(found: re.Match[str]) -> str:
        rest = _REST.match(text, found.end())
        own = rest[0].partition("pushdeploy ")[0] if rest else ""
        needed = found[2] in OF_APP and "--app" not in own.split()
        return f"{found[0]} --app {app}" if needed else found[0]

    return _COMMAND.sub(named, text)


def over_ssh(text: str, login: str) -> str:
    """The hint as somebody types it who has no `pushdeploy`, but a key.

    Args:
        text: names commands as they are typed on the server.
        login: `ssh deploy@SERVER`.
    """

    def by_ssh(found: re.Match[str]) -> str:
        there, name = found.groups()
        if there:
            return found[0]
        if name in ("certs:add", "backup:set"):  # it reads two files; root alone may
            return f"{_THERE}sudo pushdeploy {name}"
        return f"{login} {name}" if name in OF_APP or name in OTHERS else found[0]

    said = _COMMAND.sub(by_ssh, text)
    if said == text:
        return text
    before, key, after = said.partition(f"{login} keys:add")
    return before + key + (_KEY_FILE.sub(r"\1 - < \2", after, count=1) if key else after)
