"""Calls the engine before anything else is imported, so that it gets ready meanwhile.

Names that other modules own are said again here, as they would have to be imported.
"""

from __future__ import annotations

import os
import socket
import sys

HOME_VARIABLE = "PUSHDEPLOY_HOME"
ENGINE_SOCKET = "/run/pushdeploy/engine.sock"
ROOT_SOCKET = "/run/pushdeploy/root.sock"

PUSH = b'{"verb":"prepare"}\n'
"""A push begins, which may or may not bring something (`engine/protocol.py`)."""

COMMAND = '{"verb":"prepare","for":"%s"}\n'

VERBS = {
    "apps": "apps",
    "config": "config",
    "config:set": "config.set",
    "config:unset": "config.unset",
    "deploy": "deploy",
    "ps": "ps",
    "ps:scale": "scale",
    "releases": "releases",
    "releases:info": "releases.info",
    "restart": "restart",
    "rollback": "rollback",
}
"""Commands that ask the engine at once, and what they ask: those that ask the person first, or
read a file, would let it wait."""

HELP = ("-h", "--help")


class Called:
    """An engine that was called, and the verb that it expects."""

    __slots__ = ("connection", "verb")

    def __init__(self, verb: str, connection: socket.socket) -> None:
        self.verb = verb
        self.connection = connection


def open_standard() -> None:
    """Open what the caller has closed of stdin, stdout and stderr (`<&-`), at nothing.

    Else the next file that is opened would have its number, and be taken for it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(number, True)  # noqa: FBT003 - by position only
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115


def call_for_push(engine: str = ENGINE_SOCKET) -> socket.socket | None:
    """Call a server's engine for a push; `None` when that has to be done again, and explained."""
    return _call(engine, PUSH)


def call_for(words: list[str], engine: str = ENGINE_SOCKET) -> Called | None:
    """Call a server's engine for a command, unless that would be for nothing."""
    verb = VERBS.get(words[0]) if words else None
    if verb is None or any(word in HELP for word in words):
        return None
    connection = _call(engine, (COMMAND % verb).encode())
    return None if connection is None else Called(verb, connection)


def _call(engine: str, announced: bytes) -> socket.socket | None:
    if HOME_VARIABLE in os.environ:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if engine == ENGINE_SOCKET and os.geteuid() == 0 and os.path.exists(ROOT_SOCKET):  # noqa: PTH110 - pathlib is not imported yet
        engine = ROOT_SOCKET
    try:
        connection.connect(engine)
        connection.sendall(announced)
    except OSError:
        connection.close()
        return None
    return connection
