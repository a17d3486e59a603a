"""Hogs: apps that take ports which the others need; they are stopped, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.app import app_user, build_user
from pushdeploy.model.ports import MOST_LISTENERS, MOST_USED
from pushdeploy.records.app_records import app_names
from pushdeploy.system.accounts import user_id
from pushdeploy.system.held_ports import held_ports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.machine import Machine


def hogs(apps: Iterable[str]) -> dict[str, str]:
    """The apps whose users hold more ports than one app may, and how many, in words.

    One question to the kernel when there is none, which is nearly always.
    """
    holders = {uid: words for uid, held in held_ports().items() if (words := _too_many(*held))}
    if not holders:
        return {}
    found = {}
    for app in apps:
        for user in (user_id(app_user(app)), user_id(build_user(app))):
            if user is not None and user in holders:
                found[app] = holders[user]
    return found


def _too_many(listening: int, used: int) -> str | None:
    if listening > MOST_LISTENERS:
        return f"held {listening} ports; an app may hold {MOST_LISTENERS}"
    if used > MOST_USED:
        return f"used {used} ports of TCP and UDP; an app may use {MOST_USED}"
    return None


def stop_hogs(machine: Machine, but: str | None = None) -> list[str]:
    """Stop all processes of such apps; `reconcile` starts them again in time.

    They are stopped, not killed: systemd would have a killed one back with all its ports within a
    second, before the app that needs one of them has started.

    Args:
        machine: this one.
        but: the app that is being changed, which hurts only itself.

    Returns:
        What was done, in words.
    """
    found = hogs(app_names(machine.layout.apps))
    return [stop_hog(machine, app, held) for app, held in found.items() if app != but]


def stop_hog(machine: Machine, app: str, held: str) -> str:
    """Stop all processes of one."""
    _stop(machine, app)
    return f"stopped `{app}`, which {held}"


def stop_squatter(machine: Machine, port: int | None, victim: str) -> str | None:
    """Stop the app that listens on a port which another was given; it would take the next one, too.

    Returns:
        What was done, in words; `None` when it is not an app of ours that has the port.
    """
    found = machine.ports.listener(port) if port is not None else None
    for app in app_names(machine.layout.apps) if found else ():
        users = (user_id(app_user(app)), user_id(build_user(app)))
        if app != victim and found is not None and found.uid in users:
            _stop(machine, app)
            return f"stopped `{app}`, which had taken port {port} of `{victim}`"
    return None


def _stop(machine: Machine, app: str) -> None:
    machine.supervisor.forget(app, [one.unit for one in machine.supervisor.statuses(app)])
    machine.supervisor.end_all(app)
