"""The wrapper's side of its hooks: a forked child becomes each one; nothing is imported twice.

A hook that finds no wrapper, or loses it, does its work itself (`hooks/`).
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Hooks = Mapping[str, Callable[[], int]]

HANDED = 4
"""stdin, stdout and stderr of the hook, and a socket for its exit status."""

LONGEST = 1 << 20
"""Bytes of a hook's environment, many times over."""


def take_over(wrapper: socket.socket, hooks: Hooks) -> None:
    """Be git's hooks until git and all of them have ended, and so have closed their end."""
    while True:
        try:
            facts, descriptors, _, _ = socket.recv_fds(wrapper, LONGEST, HANDED)
        except OSError:
            return
        if not facts:
            return
        if len(descriptors) == HANDED and os.fork() == 0:
            wrapper.close()
            _become(facts, descriptors, hooks)
        for one in descriptors:
            os.close(one)


def _become(facts: bytes, descriptors: list[int], hooks: Hooks) -> None:
    """Be the hook in this child process; does not return."""
    status = 1
    try:
        for place, given in enumerate(descriptors[:3]):
            os.dup2(given, place)
        name, folder, *environment = facts.split(b"\0")
        os.chdir(folder)
        os.environb.clear()
        for pair in environment:
            variable, _, value = pair.partition(b"=")
            os.environb[variable] = value
        status = hooks[name.decode()]()
    except Exception:  # noqa: BLE001 - our bug, said as a hook's own would be
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(descriptors[3], bytes([status]))
        os._exit(status)
