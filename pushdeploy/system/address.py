"""By what address people reach this server: a guess for the line that they paste."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = ("192.0.2.1", 9)
"""Never reached (RFC 5737); a datagram socket to it only asks for a route, and sends nothing."""


def own_address() -> tuple[str, int | None]:
    """Our address, and the port of sshd where it is known.

    By the ssh login that we run in; else the address of the way out; else our name.
    """
    return _login_address() or (way_out() or socket.gethostname(), None)


def is_reachable_from_afar(address: str) -> bool:
    """False for an address that only its own network knows, and for a bare name."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return "." in address


def ssh_connection() -> str:
    """`SSH_CONNECTION` of the login that we run in: `client port server port`; empty if none.

    sudo drops it, so that our parents are asked too (ssh(1)).
    """
    found = (environment.get("SSH_CONNECTION", "") for environment in _environments())
    return next((text for text in found if len(text.split()) == 4), "")  # noqa: PLR2004


def _login_address() -> tuple[str, int] | None:
    words = ssh_connection().split()
    return (words[2], int(words[3])) if words else None


def _environments() -> Iterator[dict[str, str]]:
    yield dict(os.environ)
    process = os.getppid()
    while process > 1:
        try:
            folder = Path(f"/proc/{process}")
            entries = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            status = (folder / "status").read_text()
        except OSError:
            return
        yield dict(entry.split("=", 1) for entry in entries if "=" in entry)
        process = int(status.partition("\nPPid:")[2].split()[0])


def way_out() -> str | None:
    """The address by which this machine reaches others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return None
