"""The engine's entry point: the connection of one caller is stdin."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import sys

from pushdeploy.model.account import GIT_USER
from pushdeploy.system.places import take_a_place

ANNOUNCED = b'{"verb":"prepare"}'
"""How a push begins that may or may not bring something (`model/wire.py`)."""

FIRST_SECONDS = 10.0
"""A caller that says nothing for so long is dropped."""

CALLERS = "/run/pushdeploy/callers"
"""Said again where it belongs: `Layout.callers`."""

MOST_OF_GIT_USER = 96
MOST_OF_A_USER = 16
"""Requests at once: of all ssh keys together, and of each user of the server but root."""

FULL = (
    b'{"error":{"kind":"BusyError",'
    b'"message":"you have as many requests under way as you may have at once",'
    b'"hint":"ps -fu $USER","exit_code":6}}\n'
)


def main() -> int:
    """Answer the caller."""
    connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    if not _has_place(connection):
        connection.sendall(FULL)
        return 0
    checkout_worker = None
    if _is_announced(connection):
        from pushdeploy.cli.checkout_worker import own_checkout_worker  # its imports go first

        checkout_worker = own_checkout_worker()
        checkout_worker.prepare()

    from pushdeploy.cli.wiring import machine  # after the interpreter is up
    from pushdeploy.engine.registry import Registry
    from pushdeploy.engine.server import serve

    return serve(connection, machine(checkout_worker), Registry())


def _has_place(connection: socket.socket) -> bool:
    """Whether the caller may ask something now; root always may, and so may whose machine it is."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    user = int.from_bytes(raw[4:8], sys.byteorder)
    if user == 0 or os.geteuid() != 0:
        return True
    with contextlib.suppress(FileExistsError):
        os.mkdir(CALLERS, 0o700)  # noqa: PTH102 - pathlib is not imported yet
    most = MOST_OF_GIT_USER if pwd.getpwuid(user).pw_name == GIT_USER else MOST_OF_A_USER
    return take_a_place(CALLERS, str(user), most)


def _is_announced(connection: socket.socket) -> bool:
    """True when a push begins. Its first child process then imports beside us."""
    connection.settimeout(FIRST_SECONDS)
    try:
        return connection.recv(len(ANNOUNCED), socket.MSG_PEEK) == ANNOUNCED
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
