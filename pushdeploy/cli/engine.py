"""The engine's entry point: the connection of one caller is stdin."""

from __future__ import annotations

import os
import socket
import sys

ANNOUNCED = b'{"verb":"prepare"}'
"""How a push begins that may or may not bring something (`engine/protocol.py`)."""

REQUEST_SECONDS = 900.0
"""A caller that says nothing for so long is dropped: a push of many megabytes may come first."""


def main() -> int:
    """Answer the caller."""
    connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    receiver = None
    if _is_announced(connection):
        from pushdeploy.cli.receiver import own_receiver  # noqa: PLC0415 - its imports go first

        receiver = own_receiver()
        receiver.prepare()

    from pushdeploy.cli.compose import host  # noqa: PLC0415 - after the interpreter is up
    from pushdeploy.engine.server import serve  # noqa: PLC0415
    from pushdeploy.engine.table import Table  # noqa: PLC0415

    return serve(connection, host(receiver), Table())


def _is_announced(connection: socket.socket) -> bool:
    """True when a push begins. Its first child process then imports beside us."""
    connection.settimeout(REQUEST_SECONDS)
    try:
        return connection.recv(len(ANNOUNCED), socket.MSG_PEEK) == ANNOUNCED
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
