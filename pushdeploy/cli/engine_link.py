"""Which engine this machine has: systemd's, or one of our own in embedded mode. Imports little."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushdeploy.engine.connection import Connect
    from pushdeploy.errors import LostEngineError
    from pushdeploy.model.layout import Layout

HOME_VARIABLE = "PUSHDEPLOY_HOME"
"""Names the folder of embedded mode."""

WHO_VARIABLE = "PUSHDEPLOY_WHO"
"""The name of the ssh key that the forced command was called with."""


def embedded_root() -> Path | None:
    """The folder of embedded mode; `None` on a server."""
    root = os.environ.get(HOME_VARIABLE)
    return Path(root).absolute() if root else None


def connect() -> Connect:
    """How to reach the engine."""
    from pushdeploy.engine.connection import (  # the engine itself needs neither
        embedded_connection,
        server_connection,
    )
    from pushdeploy.model.layout import SERVER

    root = embedded_root()
    if root is None:
        return server_connection(socket_of(SERVER))
    return embedded_connection(root, log_of(root))


def engine_log() -> str:
    """The command that shows what the engine wrote of itself."""
    root = embedded_root()
    if root is None:
        return "journalctl -u 'pushdeploy.engine@*' -n 50"
    import shlex

    return f"tail {shlex.quote(str(log_of(root)))}"


def log_of(root: Path) -> Path:
    """Where the engine of embedded mode writes what went wrong."""
    from pushdeploy.model.layout import embedded

    return embedded(root, root).engine_log


def with_log(error: LostEngineError) -> LostEngineError:
    """The error, with the engine's log among the things to look at."""
    error.hint = f"{error.hint}; {engine_log()}" if error.hint else engine_log()
    return error


def socket_of(server: Layout) -> Path:
    """Where we ask: root has a way of its own, which nobody else can fill."""
    if os.geteuid() == 0 and server.root_socket.exists():
        return server.root_socket
    return server.engine_socket


def layout() -> Layout:
    """Where everything lies on this machine."""
    from pushdeploy.model.layout import SERVER, embedded  # as above

    root = embedded_root()
    if root is None:
        return SERVER
    from pushdeploy.system.short_folder import short_folder  # embedded mode only

    return embedded(root, short_folder(root))


def of_person() -> dict[str, str]:
    """In embedded mode, what git's hooks have to know of the person whose machine this is."""
    root = os.environ.get(HOME_VARIABLE)
    if not root:
        return {}
    from pushdeploy.system.proxy_environment import network_settings  # as above

    return {HOME_VARIABLE: root, **network_settings(os.environ)}


def who() -> str:
    """The person who asks, by the name that we were given for him."""
    for name in (WHO_VARIABLE, "SUDO_USER"):
        if os.environ.get(name):
            return os.environ[name]
    import getpass  # a push has its key's name

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
