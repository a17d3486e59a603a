"""A real terminal for what is printed differently at one."""

from __future__ import annotations

import os
import pty
import sys
from typing import TYPE_CHECKING

from pushdeploy.system.command import Command, start

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = """
from pushdeploy.cli.output import show_table
show_table(("App", "Port"), [("blog", "8000")])
"""


def shown(variables: Mapping[str, str]) -> str:
    """What a table looks like at a terminal; its line ends are made plain."""
    outer, inner = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    child = start(
        Command([sys.executable, "-c", TABLE], environment={**environment, **variables}),
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    text = b""
    while part := _read(outer):
        text += part
    os.close(outer)
    assert child.wait() == 0, text
    return text.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    """EIO is how a terminal says that its last user has gone (pty(7))."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
