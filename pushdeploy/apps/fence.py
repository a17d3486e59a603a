"""Which ports are whose, told to the kernel: no app reaches another's, or answers on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.layout import BRIDGE_PORTS
from pushdeploy.records.app_records import readable_settings
from pushdeploy.system.accounts import user_id
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.layout import Layout


def fence_ports(machine: Machine) -> bool:
    """Have each app, and its builds, use their own ports; call it when one is given or taken back.

    Returns False where the kernel, or embedded mode, can't do that.
    """
    with held(machine.layout.ports_lock, who="pushdeploy", what="saying whose ports are whose"):
        own: dict[int, list[int]] = {}
        for app, ports in ports_of_apps(machine.layout).items():
            for user in (machine.accounts.app_user(app), machine.accounts.build_user(app)):
                number = user_id(user)
                if number is not None:
                    own.setdefault(number, []).extend(ports)
        return machine.firewall.fence(own)


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
