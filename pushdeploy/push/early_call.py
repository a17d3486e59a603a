"""Calls the engine for a push before anything else is imported, so that it gets ready meanwhile.

An engine takes 103 ms from a question to its answer, one that was called early 0.6 ms
(docs/explanation/performance.md); git receives for as long.

Names that other modules own are said again here, as they would have to be imported.
"""

from __future__ import annotations

import os
import socket

HOME_VARIABLE = "PUSHDEPLOY_HOME"
ENGINE_SOCKET = "/run/pushdeploy/engine.sock"
ROOT_SOCKET = "/run/pushdeploy/root.sock"

PUSH = b'{"verb":"prepare"}\n'
"""A push begins, which may or may not bring something (`model/wire.py`)."""


def call_for_push(engine: str = ENGINE_SOCKET) -> socket.socket | None:
    """Call a server's engine for a push; `None` when that has to be done again, and explained."""
    if HOME_VARIABLE in os.environ:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if engine == ENGINE_SOCKET and os.geteuid() == 0 and os.path.exists(ROOT_SOCKET):  # noqa: PTH110 - pathlib is not imported yet
        engine = ROOT_SOCKET
    try:
        connection.connect(engine)
        connection.sendall(PUSH)
    except OSError:
        connection.close()
        return None
    return connection
