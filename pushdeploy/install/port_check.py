"""Whether an app can have its port on this server, seen before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.model.instance import front_of
from pushdeploy.model.settings import FIRST_PORT
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system.systemctl import unit_state

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.machine.tools import Ports

HIGHEST_PORT = 65535


def wanted_port(machine: Machine, app: str, port: int | None) -> int | None:
    """The port to make the app with; `None` lets it have the next free one.

    The first app is where everybody looks for it, unless told otherwise.

    Raises:
        UsageError: it is not a port, another app's, or not the one that the app has.
        UnavailableError: a foreign process holds the port.
    """
    apps = {
        name: AppRecords(machine.layout.app(name)).settings().port
        for name in app_names(machine.layout.apps)
    }
    wanted = _choose(machine.ports, apps, app, port)
    if wanted is not None and not _is_our_front(app):
        _refuse_foreign(machine.ports, app, wanted)
    return wanted


def _choose(ports: Ports, apps: dict[str, int], app: str, port: int | None) -> int | None:
    own = apps.pop(app, None)
    if own is not None and port not in (None, own):
        raise UsageError(f"the app `{app}` already has port {own}", hint="leave out `--port`")
    owner = next((name for name, taken in apps.items() if taken == port), None)
    if owner is not None:
        another = ports.another(apps[owner], set(apps.values()))
        raise UsageError(
            f"port {port} belongs to the app `{owner}`",
            hint=f"sudo ./installer.sh --app {app} --port {another}",
        )
    return own or port or (None if apps else FIRST_PORT)


def _refuse_foreign(ports: Ports, app: str, port: int) -> None:
    holder = ports.holder(port)
    if holder is not None:
        another = ports.another(port)
        raise UnavailableError(
            f"port {port} is in use by {holder}",
            hint=f"stop it, or: sudo ./installer.sh --app {app} --port {another}",
        )


def _is_our_front(app: str) -> bool:
    return unit_state(f"{front_of(app)}.socket") == "active"
