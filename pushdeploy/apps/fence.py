"""Which ports are whose, told to the kernel: no app reaches another's, or answers on it.

And no other machine reaches one that a web process was given, which is then free to listen on
`0.0.0.0`, as it does on Heroku. That the kernel does this is seen, never assumed; while it does, a
file says so to the bridges, which run as the apps and may not ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import BRIDGE_PORTS
from pushdeploy.records.app_records import readable_settings
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.machine.watched import Watched
    from pushdeploy.model.layout import Layout


def fence_ports(machine: Machine) -> bool:
    """Have each app, and its builds, use their own ports; call it when one is given or taken back.

    Returns False where the kernel, or embedded mode, can't do that.
    """
    with held(machine.layout.ports_lock, who="pushdeploy", what="saying whose ports are whose"):
        return fence_held(machine)


def fence_held(machine: Machine, app: str = "", port: int | None = None) -> bool:
    """The same with the lock held, for a port that an app is about to be given, too."""
    own: dict[int, list[int]] = {}
    for name, ports in ports_of_apps(machine.layout).items():
        given = [*ports, port] if port is not None and name == app else ports
        for user in machine.accounts.own_users(name):
            own.setdefault(user, []).extend(given)
    inner = {*inner_ports(machine.layout), *(() if port is None else (port,))}
    done = machine.firewall.fence(own, inner)
    if done and machine.firewall.keeps_in(inner):
        machine.layout.kept_in.touch(mode=0o600)
    else:
        machine.layout.kept_in.unlink(missing_ok=True)
    return done


def is_down(machine: Watched) -> bool:
    """Whether the kernel, which is asked, has forgotten what it was told."""
    if not machine.layout.kept_in.exists():
        return False
    return not machine.firewall.keeps_in(inner_ports(machine.layout))


def inner_ports(layout: Layout) -> set[int]:
    """What web processes were given, also those of apps whose settings can't be read."""
    return {port for note in layout.run.glob(BRIDGE_PORTS) if (port := noted_port(note))}


def ports_of_apps(layout: Layout) -> dict[str, list[int]]:
    """Each app's front, and what its releases were given for web."""
    settings, _ = readable_settings(layout)
    found = {app: [one.port] for app, one in settings.items()}
    for note in layout.run.glob(BRIDGE_PORTS):
        port = noted_port(note)
        if port is not None and note.parent.name in found:
            found[note.parent.name].append(port)
    return found


def noted_port(note: Path) -> int | None:
    """The port in a note; `None` when it is not there, or was never finished."""
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return None
