"""ufw: opens what must be open, verifies it, and only then turns the firewall on (ufw(8))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from pushdeploy.errors import UnavailableError
from pushdeploy.system import command
from pushdeploy.system.command import Command

WEB_PORTS = (80, 443)
_PORT = re.compile(r"\d{1,5}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What enabling would do."""

    ssh_ports: tuple[int, ...]
    opens: tuple[int, ...]
    """Ports that are not open by a rule yet."""
    active: bool
    """The firewall is on already."""


def plan(connection: str = "") -> Plan:
    """What has to be done.

    Args:
        connection: `$SSH_CONNECTION` of whoever asks: the port that he came in by must stay open.

    Raises:
        UnavailableError: there is no ufw, or no ssh port can be found: enabling would lock you out.
    """
    ports = ssh_ports(connection)
    if not ports:
        raise UnavailableError(
            "no ssh port can be found, and a firewall without one would lock you out",
            hint="sudo sshd -T | grep ^port",
        )
    allowed = _allowed()
    wanted = (*ports, *WEB_PORTS)
    return Plan(ports, tuple(port for port in wanted if port not in allowed), is_active())


def enable(planned: Plan) -> None:
    """Allow the ports, see that they are allowed, then enable. Other rules are left alone.

    Raises:
        UnavailableError: a rule did not arrive; the firewall was not turned on.
    """
    for port in planned.opens:
        command.run(Command(["ufw", "allow", f"{port}/tcp", "comment", "pushdeploy"]))
    missing = [port for port in (*planned.ssh_ports, *WEB_PORTS) if port not in _allowed()]
    if missing:
        raise UnavailableError(
            f"ufw did not take the rule for port {missing[0]}; the firewall was not turned on",
            hint="sudo ufw show added",
        )
    command.run(Command(["ufw", "--force", "enable"]))
    if not is_active():
        raise UnavailableError("ufw says that it is not active", hint="sudo ufw status verbose")


def is_active() -> bool:
    """True when the firewall is on."""
    return command.run(Command(["ufw", "status"])).stdout.startswith("Status: active")


def status() -> list[str]:
    """Ufw's own words."""
    return command.run(Command(["ufw", "status", "verbose"])).stdout.rstrip().splitlines()


def ssh_ports(connection: str = "") -> tuple[int, ...]:
    """Where sshd really listens: by its settings, by systemd's socket, by our own connection."""
    found: set[int] = set()
    sshd = command.attempt(Command(["sshd", "-T"]))
    found.update(int(port) for port in re.findall(r"^port (\d{1,5})$", sshd.stdout, re.MULTILINE))
    listen = command.attempt(
        Command(["systemctl", "show", "ssh.socket", "--property=Listen", "--property=ActiveState"])
    ).stdout
    if "ActiveState=active" in listen:
        found.update(int(port) for port in re.findall(r":(\d{1,5}) \(Stream\)", listen))
    words = (connection or os.environ.get("SSH_CONNECTION", "")).split()
    if len(words) == 4 and _PORT.fullmatch(words[3]):  # noqa: PLR2004 - client, port, server, port
        found.add(int(words[3]))
    return tuple(sorted(found))


def _allowed() -> set[int]:
    added = command.run(Command(["ufw", "show", "added"])).stdout
    return {
        int(port)
        for port in re.findall(r"^ufw (?:allow|limit) (\d{1,5})(?:/tcp)?\b", added, re.MULTILINE)
    }
