"""A git hook: hands itself over to the wrapper that runs git and has everything imported already.

Imports next to nothing: a hook that imports what it needs takes 47 ms to begin, twice a push, this
one 9.5 ms (docs/explanation/performance.md).
"""

from __future__ import annotations

import _socket
import os
import sys

WRAPPER = "PUSHDEPLOY_WRAPPER"
"""Names the descriptor on which the wrapper takes hooks over."""

STANDARD = (0, 1, 2)


def hand_over() -> int | None:
    """Have a child of the wrapper be this hook; returns its exit status, `None` if none did.

    It gets our stdin, stdout, stderr, folder and environment, and a socket for the status. When it
    or the wrapper dies, the socket closes.
    """
    try:
        wrapper = _socket.socket(fileno=int(os.environ[WRAPPER]))
        ours, theirs = _socket.socketpair()
        descriptors = (*STANDARD, theirs.fileno())
        wrapper.sendmsg([_facts()], [_passed(descriptors)])
        theirs.close()
        status = ours.recv(1)
    except (KeyError, ValueError, OSError):
        return None
    return status[0] if status else None


def _facts() -> bytes:
    """The hook's name, its folder and its environment."""
    pairs = (name + b"=" + value for name, value in os.environb.items())
    return b"\0".join([os.path.basename(sys.argv[0]).encode(), os.getcwdb(), *pairs])  # noqa: PTH109, PTH119


def _passed(descriptors: tuple[int, ...]) -> tuple[int, int, bytes]:
    packed = b"".join(one.to_bytes(4, sys.byteorder) for one in descriptors)
    return _socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed
