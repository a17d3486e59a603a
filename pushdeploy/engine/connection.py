"""How to reach an engine: systemd starts one for each connection, or we do.

Standard library only.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from pushdeploy.errors import NotAllowedError, UnavailableError
from pushdeploy.model.wire import encode
from pushdeploy.system.command import Command, start

Connect = Callable[[], socket.socket]


def server_connection(path: Path) -> Connect:
    """Connect to the engine that systemd starts."""

    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except PermissionError as error:
            connection.close()
            raise NotAllowedError(
                "only root and members of the group `pushdeploy` may do that here",
                hint="put sudo in front of it; or: sudo usermod -aG pushdeploy $USER, and log in",
            ) from error
        except OSError as error:
            connection.close()
            raise UnavailableError(
                f"the engine does not answer at `{path}`: {error.strerror}",
                hint="systemctl status pushdeploy.engine.socket",
            ) from error
        return connection

    return connect


def embedded_connection(root: Path, log: Path) -> Connect:
    """Start an engine of our own: a detached child, which goes on when we are killed.

    Args:
        root: the folder of embedded mode.
        log: where the child writes what goes wrong.
    """

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()
        log.parent.mkdir(parents=True, exist_ok=True)
        line = Command(
            [sys.executable, "-I", "-m", "pushdeploy.programs.engine"],
            environment={**os.environ, "PUSHDEPLOY_HOME": str(root)},
            folder=Path("/"),
        )
        with theirs, log.open("ab") as errors:
            output = errors.fileno()
            start(line, stdin=theirs.fileno(), stdout=output, stderr=output, new_session=True)
        return ours

    return connect


def prepared(connect: Connect) -> socket.socket:
    """A connection to an engine that gets ready for a request which may come later, or never.

    Raises:
        UnavailableError: there is no engine.
    """
    connection = connect()
    connection.sendall(encode({"verb": "prepare"}))
    return connection
