"""A real terminal for what is printed differently at one."""

from __future__ import annotations

import os
import pty

from pushdeploy.system.command import Command, start


def at_terminal(command: Command) -> str:
    """What a command that succeeds shows at a terminal; its line ends are made plain."""
    outer, inner = pty.openpty()
    child = start(command, stdin=inner, stdout=inner, stderr=inner)
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
