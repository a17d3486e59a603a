"""The engine's entry point: the connection of one caller is stdin."""

from __future__ import annotations

import os
import socket
import sys

from pushdeploy.cli.compose import host
from pushdeploy.engine.server import serve
from pushdeploy.engine.table import Table


def main() -> int:
    """Answer the caller."""
    connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    return serve(connection, host(), Table())


if __name__ == "__main__":
    sys.exit(main())
