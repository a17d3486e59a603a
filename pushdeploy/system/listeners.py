"""What listens on this machine, by `ss` (ss(8)); standard library only, for a bare server."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.socket_units import socket_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

_USER = re.compile(r'users:\(\("(?P<name>[^"]*)",pid=(?P<pid>\d+)')
_PID_1 = 1
FIELDS = 5


@dataclass(frozen=True, slots=True)
class Listener:
    """A port with whoever holds it."""

    protocol: str
    """`tcp` or `udp`."""
    address: str
    """`127.0.0.1`, `0.0.0.0`, `::`, …"""
    port: int
    name: str
    """Its program, or the socket unit of systemd; `?` where the kernel does not say."""
    pid: int | None = None
    """`None` where it is systemd's, or unknown."""

    @property
    def holder(self) -> str:
        """`` `nginx` (process 12)``, or `` `ssh.socket` of systemd``."""
        if self.name.endswith(".socket"):
            return f"`{self.name}` of systemd"
        return f"`{self.name}`" + (f" (process {self.pid})" if self.pid else "")

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False


def listeners() -> list[Listener]:
    """What takes connections or datagrams; nothing where there is no `ss`.

    Each line is `tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=6),…)`.
    """
    try:
        shown = command.run(Command(["ss", "-H", "-l", "-t", "-u", "-n", "-p"])).stdout
    except UnavailableError:
        return []
    return list(dict.fromkeys(_read(shown)))


def sshd_ports() -> set[int]:
    """Where sshd takes logins from outside now, whatever its settings say since.

    They count for a listener only once it is made again: after a reload of sshd, or a restart of
    `ssh.socket`. Ports that a login forwards are held by another process of sshd, and are not
    among these; a port that systemd holds and no unit of its names is, since one too many locks
    nobody out.
    """
    return {
        one.port
        for one in listeners()
        if one.protocol == "tcp" and not one.is_local and _takes_logins(one)
    }


def _takes_logins(one: Listener) -> bool:
    """By its process's title: `sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups`.

    A port is `systemd`'s own when it still holds what its unit has no longer.
    """
    if one.name == "ssh.socket" or one.pid == _PID_1:
        return one.name in ("ssh.socket", "systemd")
    try:
        title = Path(f"/proc/{one.pid}/cmdline").read_bytes()
    except OSError:
        return False
    return one.name == "sshd" and b"[listener]" in title


def _read(shown: str) -> Iterator[Listener]:
    for line in shown.splitlines():
        fields = [*line.split(), *[""] * FIELDS]
        address, _, port = fields[4].rpartition(":")
        if not port.isdigit():
            continue
        match = _USER.search(line)
        name, pid = (match["name"], int(match["pid"])) if match else ("?", None)
        if pid == _PID_1:
            name = socket_unit(int(port)) or name
        address = address.strip("[]").partition("%")[0].replace("*", "0.0.0.0")  # noqa: S104 - read
        yield Listener(fields[0], address, int(port), name, pid)


def units_that_serve(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The server owner's own services that start one of these programs: unit, program."""
    for file in sorted(Path("/etc/systemd/system").glob("*.service")):
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        started = re.findall(r"^\s*ExecStart=(.*)$", text, re.MULTILINE)
        for word in words:
            if any(re.search(rf"\b{word}\b", line) for line in started):
                yield file.name, word
                break
