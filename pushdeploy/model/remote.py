"""Where an app is pushed to: what a git remote of the laptop names (git-push(1), GIT URLS)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pushdeploy.errors import PushdeployError
from pushdeploy.model.account import GIT_USER
from pushdeploy.model.app import parse_app_name

PRODUCTION = "production"
"""The remote's name in all that we print."""

_USER = r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@)?"
_HOST = r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?\])"
_SHORT = re.compile(rf"{_USER}{_HOST}:(?P<path>[^:]*)")
_LONG = re.compile(rf"ssh://{_USER}{_HOST}(?::(?P<port>[0-9]{{1,5}}))?/(?P<path>.*)")


@dataclass(frozen=True, slots=True)
class Remote:
    """A server and an app on it."""

    host: str
    """A name, an address, or a name of ssh_config(5); IPv6 without its brackets."""
    app: str
    user: str | None = GIT_USER
    """`None` leaves it to ssh's configuration."""
    port: int | None = None
    """`None` leaves it to ssh's configuration."""

    @property
    def login(self) -> str:
        """`deploy@host`, as ssh takes it."""
        return self.host if self.user is None else f"{self.user}@{self.host}"

    @property
    def url(self) -> str:
        """What `git remote add` takes: the short form where it does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        login = host if self.user is None else f"{self.user}@{host}"
        if self.port is None:
            return f"{login}:{self.app}"
        return f"ssh://{login}:{self.port}/{self.app}"


def parse_remote(url: str) -> Remote | None:
    """The server and app of a URL; `None` when it is of another kind.

    Args:
        url: `deploy@host:blog` or `ssh://deploy@host:2222/blog`; never begins with `-` then, so
            that ssh reads no option in it.
    """
    match = _LONG.fullmatch(url) if url.startswith("ssh://") else _SHORT.fullmatch(url)
    if match is None:
        return None
    parts = match.groupdict()
    try:
        app = parse_app_name(parts["path"].strip("/").removesuffix(".git"))
    except PushdeployError:
        return None
    port = parts.get("port")
    return Remote(parts["host"].strip("[]"), app, parts["user"], int(port) if port else None)
