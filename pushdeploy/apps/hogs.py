"""Hogs: apps that take ports which the others need; they are stopped, the others go on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import ports_of_apps
from pushdeploy.model.ports import MOST_LISTENERS, MOST_USED
from pushdeploy.records.app_records import app_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.machine.watched import Watched


def hogs(machine: Watched, apps: Iterable[str]) -> dict[str, str]:
    """Those of these apps that take ports from the others, and which, in words.

    Two questions to the kernel when there is none, which is nearly always.
    """
    users = machine.ports.by_user()
    holders = {uid: words for uid, held in users.items() if (words := _too_many(*held))}
    holders |= {uid: f"listened on port {port}" for uid, port in _squatters(machine).items()}
    if not holders:
        return {}
    found = {}
    for app in apps:
        for user in machine.accounts.own_users(app) & holders.keys():
            found[app] = holders[user]
    return found


def _too_many(listening: int, used: int) -> str | None:
    if listening > MOST_LISTENERS:
        return f"held {listening} ports; an app may hold {MOST_LISTENERS}"
    if used > MOST_USED:
        return f"used {used} ports of TCP and UDP; an app may use {MOST_USED}"
    return None


def _squatters(machine: Watched) -> dict[int, str]:
    """Users of apps who listen where another app does, on an address that it does not have.

    Such as 127.0.0.2, with the number of its port: whoever asks there for it would meet them.
    """
    listening = machine.ports.listening()
    users = Counter(port for port, _ in listening)
    shared = {(port, uid) for port, uid in listening if users[port] > 1}
    if not shared:
        return {}
    found = {}
    for victim, ports in ports_of_apps(machine.layout).items():
        own = machine.accounts.own_users(victim)
        for port, uid in shared:
            if port in ports and uid not in own:
                found[uid] = f"{port} of `{victim}`"
    return found


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
    found = hogs(machine, app_names(machine.layout.apps))
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
    takers = {owner.uid for number, owner in machine.ports.all_listening() if number == port}
    for app in app_names(machine.layout.apps) if takers else ():
        if app != victim and takers & machine.accounts.own_users(app):
            _stop(machine, app)
            return f"stopped `{app}`, which had taken port {port} of `{victim}`"
    return None


def _stop(machine: Machine, app: str) -> None:
    machine.supervisor.forget(app, [one.unit for one in machine.supervisor.statuses(app)])
    machine.supervisor.end_all(app)
