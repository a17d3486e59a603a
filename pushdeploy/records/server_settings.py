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

    from pushdeploy.machine.machine import Machine


def server_settings(machine: Machine) -> ServerSettings:
    """Our settings for the whole server."""
    path = _file(machine)
    return parse_server_settings(path.read_text()) if path.exists() else ServerSettings()


def change_server_settings(
    machine: Machine, change: Callable[[ServerSettings], ServerSettings]
) -> ServerSettings:
    """Replace the settings by what `change` makes of them, in one step; returns the new ones."""
    lock = machine.layout.settings_lock
    with held(lock, who="pushdeploy", what="a change of the server's settings"):
        before = server_settings(machine)
        after = change(before)
        if after != before:
            write(File(_file(machine), render_server_settings(after), 0o600))
        return after


def _file(machine: Machine) -> Path:
    return machine.layout.server_settings
