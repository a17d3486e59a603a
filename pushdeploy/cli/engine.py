"""The engine's entry point: the connection of one caller is stdin."""

from __future__ import annotations

import os
import socket
import sys


def main() -> int:
    """Answer the caller."""
    from pushdeploy.cli.compose import host  # noqa: PLC0415 - after the interpreter is up
    from pushdeploy.engine.keys import KEYS  # noqa: PLC0415
    from pushdeploy.engine.queries import ASKING  # noqa: PLC0415
    from pushdeploy.engine.server import serve  # noqa: PLC0415
    from pushdeploy.engine.terminal import ATTACHED  # noqa: PLC0415
    from pushdeploy.engine.verbs import CHANGING  # noqa: PLC0415

    connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    return serve(connection, host(), {**CHANGING, **ASKING, **KEYS, **ATTACHED})


if __name__ == "__main__":
    sys.exit(main())
