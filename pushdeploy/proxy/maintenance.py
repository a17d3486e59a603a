"""Maintenance: nginx answers 503 while a page lies in the app's folder; workers go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.files import File, sync_folder, write
from pushdeploy.system.locks import folder_held

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine

MESSAGE = "We are working on it. Please come back in a few minutes."
LONGEST_MESSAGE = 2000


def maintenance_on(machine: Machine, app: str, message: str | None) -> None:
    """Show the page instead of the app.

    Raises:
        UsageError: the message is too long.
        UnavailableError: there is no nginx to show it.
    """
    AppRecords(machine.layout.app(app)).settings()
    machine.proxy.require()
    text = message or MESSAGE
    if len(text) > LONGEST_MESSAGE:
        raise UsageError(
            f"the message has {len(text)} characters, the maximum is {LONGEST_MESSAGE}"
        )
    path = page(machine, app)
    with folder_held(path.parent):
        write(File(path, machine.proxy.maintenance_page(text), 0o644))


def maintenance_off(machine: Machine, app: str) -> None:
    """Show the app again."""
    AppRecords(machine.layout.app(app)).settings()
    path = page(machine, app)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)


def page(machine: Machine, app: str) -> Path:
    """Where the page lies while it is shown."""
    return machine.layout.app(app).maintenance
