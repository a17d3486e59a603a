"""The settings of the whole server, read and changed by one writer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.server_settings import (
    ServerSettings,
    parse_server_settings,
    render_server_settings,
)
from pushdeploy.system.files import File, write
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pushdeploy.deploy.host import Host


def server_settings(host: Host) -> ServerSettings:
    """Our settings for the whole server."""
    path = _file(host)
    return parse_server_settings(path.read_text()) if path.exists() else ServerSettings()


def change_server_settings(
    host: Host, change: Callable[[ServerSettings], ServerSettings]
) -> ServerSettings:
    """Replace the settings by what `change` makes of them, in one step; returns the new ones."""
    lock = host.layout.state / "settings.lock"
    with held(lock, who="pushdeploy", what="a change of the server's settings"):
        before = server_settings(host)
        after = change(before)
        if after != before:
            write(File(_file(host), render_server_settings(after), 0o600))
        return after


def _file(host: Host) -> Path:
    return host.layout.settings / "settings.toml"
