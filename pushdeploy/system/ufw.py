"""ufw: opens what must be open, verifies it, and only then turns the firewall on (ufw(8))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pushdeploy.errors import UnavailableError
from pushdeploy.system import command, listeners, sshd
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import systemctl

WEB_PORTS = (80, 443)
COMMENT = "pushdeploy"
"""Beside each rule that we add."""

DEFAULTS = Path("/etc/default/ufw")
LOCK = Path("/run/ufw.lock")
"""Which ufw makes for everybody to read, and so to lock."""
LOCK_MODE = 0o600
_PORT = re.compile(r"\d{1,5}")
_OPEN = re.compile(r"(?:allow|limit) (\d{1,5})(?:/tcp)?")
_RESTRICTED = re.compile(r"(?:allow|limit) (?:.* port )?(\d{1,5})(?:/tcp| proto tcp)?")
_SHUT = re.compile(r"(?:deny|reject) (?:in )?(\d{1,5})(?:/tcp)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What enabling would do."""

    ssh_ports: tuple[int, ...]
    opens: tuple[int, ...]
    """Ports that are not open by a rule yet."""
    active: bool
    """The firewall is on already."""
    ipv6: bool
    """ufw looks after IPv6 too."""


def plan(connection: str = "") -> Plan:
    """What has to be done.

    Args:
        connection: `$SSH_CONNECTION` of whoever asks: the port that they came in by must stay open.

    Raises:
        UnavailableError: there is no ufw, or no ssh port can be found, or a rule shuts it: enabling
            would lock you out.
    """
    if not is_installed():
        raise UnavailableError("ufw is not installed", hint="sudo apt-get install ufw")
    ports = ssh_ports(connection)
    if not ports:
        raise UnavailableError(
            "no ssh port can be found, and a firewall without one would lock you out",
            hint="sudo sshd -T | grep -i ^port",
        )
    active = is_active()
    allowed, shut = _open_ports(restricted=active), _shut_ports()
    wanted = tuple(dict.fromkeys((*ports, *WEB_PORTS)))
    for port in wanted:
        if port in shut:
            raise UnavailableError(
                f"the rule `ufw {shut[port]}` of this server shuts port {port}",
                hint=f"sudo ufw delete {shut[port]}",
            )
    opens = tuple(port for port in wanted if port not in allowed)
    return Plan(ports, opens, active=active, ipv6=_covers_ipv6())


def enable(planned: Plan) -> None:
    """Allow the ports, see that they are allowed, then enable. Other rules are left alone.

    Raises:
        UnavailableError: a rule did not arrive; the firewall was not turned on.
    """
    for port in planned.opens:
        _ufw("allow", f"{port}/tcp", "comment", COMMENT)
    allowed = _open_ports(restricted=planned.active)
    missing = [port for port in (*planned.ssh_ports, *WEB_PORTS) if port not in allowed]
    if missing:
        raise UnavailableError(
            f"ufw did not accept the rule for port {missing[0]}; the firewall was not turned on",
            hint="sudo ufw show added",
        )
    _ufw("--force", "enable")
    if not is_active():
        raise UnavailableError("ufw says that it is not active", hint="sudo ufw status verbose")


def ours() -> list[str]:
    """The rules that `enable` added, as one would type them: `allow 22/tcp`."""
    if not is_installed():
        return []
    return [rule for rule, comment in _commented() if comment == f"'{COMMENT}'"]


def allowed_ports() -> set[int]:
    """The ports that a rule lets in, from anywhere or from some addresses."""
    return _open_ports(restricted=True)


def is_installed() -> bool:
    """True when there is a ufw here."""
    return Path("/usr/sbin/ufw").exists()


def is_active() -> bool:
    """True when the firewall is on."""
    return _ufw("status").startswith("Status: active")


def status() -> list[str]:
    """Ufw's own words."""
    return _ufw("status", "verbose").rstrip().splitlines()


def ssh_ports(connection: str = "") -> tuple[int, ...]:
    """Where sshd listens now, and where it will: its settings, systemd's socket, our connection."""
    found = set(sshd.ports()) | listeners.sshd_ports()
    shown = ("--property=Listen", "--property=ActiveState")
    listen = systemctl("show", "ssh.socket", *shown, check=False).stdout
    if "ActiveState=active" in listen:
        found.update(int(port) for port in re.findall(r":(\d{1,5}) \(Stream\)", listen))
    words = (connection or os.environ.get("SSH_CONNECTION", "")).split()
    if len(words) == 4 and _PORT.fullmatch(words[3]):  # noqa: PLR2004 - client, port, server, port
        found.add(int(words[3]))
    return tuple(sorted(found))


def _open_ports(*, restricted: bool) -> set[int]:
    """The ports that a rule lets in.

    Args:
        restricted: also those that are open to some addresses only. While the firewall is on, that
            is what the server's owner wants; when it is turned on, it could lock him out.
    """
    wanted = _RESTRICTED if restricted else _OPEN
    return {int(match[1]) for line in _rules() if (match := wanted.fullmatch(line))}


def _shut_ports() -> dict[int, str]:
    """The rules that keep everybody out of a port, by port."""
    found = ((_SHUT.fullmatch(line), line) for line in _rules())
    return {int(match[1]): line for match, line in found if match}


def _rules() -> list[str]:
    """Rules as one would type them: `allow 22/tcp`, `allow from 10.0.0.1 to any port 22`."""
    return [rule for rule, _ in _commented()]


def _ufw(*words: str) -> str:
    """What it prints. Its lock is made first, so that none but root can hold it."""
    descriptor = os.open(LOCK, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, LOCK_MODE)
    os.fchmod(descriptor, LOCK_MODE)
    os.close(descriptor)
    return command.run(Command(["ufw", *words])).stdout


def _commented() -> list[tuple[str, str]]:
    lines = _ufw("show", "added").splitlines()
    rules = (line.removeprefix("ufw ") for line in lines if line.startswith("ufw "))
    return [(rule, comment) for rule, _, comment in (one.partition(" comment ") for one in rules)]


def _covers_ipv6() -> bool:
    try:
        text = DEFAULTS.read_text()
    except OSError:
        return True
    return re.search(r"^IPV6=[\"']?no", text, re.MULTILINE | re.IGNORECASE) is None
