"""The forced command of sshd(8): `pushdeploy.cli.shell KEY-NAME`.

What was asked for is in `SSH_ORIGINAL_COMMAND`. For a push the engine is called before anything
else is imported.
"""

from __future__ import annotations

import os
import socket
import sys

PUSH = ("git-receive-pack ", "git receive-pack ")
WHO_VARIABLE = "PUSHDEPLOY_WHO"
HOME_VARIABLE = "PUSHDEPLOY_HOME"
ENGINE_SOCKET = "/run/pushdeploy/engine.sock"
PREPARE = b'{"verb":"prepare"}\n'
"""Said again where they belong: `engine_link`, `model/layout` and `engine/protocol`."""


def main() -> int:
    """Do what was asked for, or say why not."""
    if len(sys.argv) > 1:
        os.environ[WHO_VARIABLE] = sys.argv[1]
    asked = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    engine = call_engine() if asked.startswith(PUSH) else None
    from pushdeploy.cli.forced_command import answer  # noqa: PLC0415 - the engine starts meanwhile

    return answer(asked, engine)


def call_engine() -> socket.socket | None:
    """Have a server's engine start and get ready; `None` when that has to be asked for again."""
    if HOME_VARIABLE in os.environ:
        return None
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(ENGINE_SOCKET)
        connection.sendall(PREPARE)
    except OSError:
        return None
    return connection


if __name__ == "__main__":
    sys.exit(main())
