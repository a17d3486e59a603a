"""Who listens on the port of a web process: the app itself, and on the loopback alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.errors import DeployFailedError, PortTakenError
from pushdeploy.model.ports import BRIDGED
from pushdeploy.system.app_users import user_name

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance
    from pushdeploy.model.release import Release

EVERY_ADDRESS = re.compile(
    r"(?<![\w.:\[])(?:0\.0\.0\.0|\[::\]|\*)(?=:)|(?<![\w.:])(?:0\.0\.0\.0|::)(?=\s|$)"
    r"|(?<=[\s=])(?=:\$\{?PORT\b)"
)
"""How lines of a Procfile say that they listen for other machines."""


def refuse_listener(machine: Machine, release: Release, port: int) -> None:
    """Refuse a web process whose port somebody else has, or that other machines can reach.

    The bridge lets nothing through in either case; here it is said why. Listening on `0.0.0.0` is
    no harm where the kernel keeps other machines from the port.

    Raises:
        PortTakenError: somebody else has it.
        DeployFailedError: other machines reach it.
    """
    found = machine.ports.listener(port)
    if found is None:
        return
    if found.uid != machine.accounts.user_id(release.app):
        raise PortTakenError(
            f"port {port}, which v{release.number} was given, is in use by "
            f"`{user_name(found.uid)}`: nothing was sent there",
            hint=f"pushdeploy deploy --app {release.app} tries it with another port",
        )
    exposed = next(
        (one for number, one in machine.ports.all_listening() if number == port and one.exposed),
        None,
    )
    if exposed is not None and not _kept_in(machine, port):
        raise DeployFailedError(
            f"web listens on {exposed.address}:{port}, where other machines reach it past nginx",
            hint=cure(release.procfile.web.command),
        )


def _kept_in(machine: Machine, port: int) -> bool:
    """As the kernel says; told once more where it does not know of it."""
    return machine.firewall.keeps_in([port]) or (
        fence_ports(machine) and machine.firewall.keeps_in([port])
    )


def passed_over(machine: Machine, release: Release, instance: Instance) -> bool:
    """Whether a web process that was given the socket listens on `$PORT` all the same.

    Nothing can be said once the app's front is open: that holds the port, in a demo as our user.
    """
    if release.app in machine.supervisor.fronts():
        return False
    port = dict(instance.environment).get("PORT", "")
    found = machine.ports.listener(int(port)) if instance.port is None and port.isdigit() else None
    return found is not None and found.uid == machine.accounts.user_id(release.app)


def elsewhere(machine: Machine, release: Release) -> tuple[str, int] | None:
    """Address and port of something of the app's that listens, and on no port that we gave it."""
    app = machine.accounts.user_id(release.app)
    found = sorted(
        (port, owner.address)
        for port, owner in machine.ports.all_listening()
        if owner.uid == app and port not in BRIDGED
    )
    return (found[0][1], found[0][0]) if found and app != os.getuid() else None


def cure(command: str) -> str:
    """The line of the Procfile that listens on the loopback alone."""
    changed = EVERY_ADDRESS.sub("127.0.0.1", command)
    if changed == command and "python" in command:
        return (
            "have it listen on 127.0.0.1:$PORT; if it runs uvicorn, hypercorn or waitress, "
            'app.json may say {"pushdeploy": {"web": "socket"}} instead'
        )
    if changed == command:
        return "have it listen on 127.0.0.1:$PORT, commit, and push again"
    return f"write in the Procfile: web: {changed}"
