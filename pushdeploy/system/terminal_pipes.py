"""Pipes in the place of terminals, for a process that must not hold the terminal itself.

Whoever holds a terminal reads what is typed there, after Ctrl-C too: the next password, say.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import termios
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 1 << 14

BACKGROUND_SECONDS = 0.2
"""How often a command in the background looks whether it was brought to the front."""


@contextlib.contextmanager
def without_terminals(descriptors: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """stdin, stdout and stderr to hand over, with a pipe in the place of each terminal.

    Until the block ends, what is typed goes into the pipe and what comes out is shown. What was
    written by then is shown too, even if somebody goes on holding the other end.
    """
    end, ending = os.pipe()
    theirs: dict[int, int] = {}  # a descriptor of ours, and what is handed over in its place
    shown: list[threading.Thread] = []
    stdin, stdout, stderr = descriptors
    if os.isatty(stdin):
        theirs[stdin], pipe = os.pipe()
        _start(_feed, stdin, pipe, end)
    for one in filter(os.isatty, (stdout, stderr)):
        if one == stderr and stdout in theirs and _same(stdout, stderr):
            theirs[one] = theirs[stdout]  # one pipe keeps the order of the lines of both
        else:
            pipe, theirs[one] = os.pipe()
            shown.append(_start(_show, one, pipe, end))
    try:
        yield theirs.get(stdin, stdin), theirs.get(stdout, stdout), theirs.get(stderr, stderr)
    finally:
        for one in {end, ending, *theirs.values()}:
            os.close(one)
        for thread in shown:
            thread.join()


def _same(one: int, other: int) -> bool:
    return os.fstat(one).st_rdev == os.fstat(other).st_rdev


def _start(
    work: Callable[[int, int, int], None], terminal: int, pipe: int, end: int
) -> threading.Thread:
    """Carry over in a thread, which owns the pipe; it does not keep us when it waits for a key."""
    own_end = os.dup(end)

    def carry() -> None:
        # in the background, reading is an error then instead of stopping us (credentials(7))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})
        try:
            with contextlib.suppress(OSError):  # the terminal or the reader is gone
                work(terminal, pipe, own_end)
        finally:
            os.close(pipe)
            os.close(own_end)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    return thread


def _feed(terminal: int, pipe: int, end: int) -> None:
    """Until the end of what is typed, of the block, or of everybody who reads the pipe."""
    while ready({terminal: select.POLLIN, pipe: 0, end: 0}) == {terminal}:
        if not _in_front(terminal):
            if ready({pipe: 0, end: 0}, BACKGROUND_SECONDS):
                return
            continue
        data = os.read(terminal, CHUNK)
        if not data:
            return
        write_all(pipe, data)


def _show(terminal: int, pipe: int, end: int) -> None:
    """Until nobody writes any more; at the end of the block, what is in the pipe by then."""
    while end not in ready({pipe: select.POLLIN, end: 0}):
        data = os.read(pipe, CHUNK)
        if not data:
            return
        write_all(terminal, data)
    rest = rest_of(pipe)
    while rest > 0:
        data = os.read(pipe, min(rest, CHUNK))
        write_all(terminal, data)
        rest -= len(data)


def rest_of(pipe: int) -> int:
    """How many bytes are in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _in_front(terminal: int) -> bool:
    """Whether what is typed is for us: the shell may have put us into the background."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it is not the terminal that controls us
        return True


def ready(asked: dict[int, int], seconds: float | None = None) -> set[int]:
    """Descriptors with one of the events, an error or no other end (poll(2))."""
    poll = select.poll()
    for descriptor, events in asked.items():
        poll.register(descriptor, events)
    return {one for one, _ in poll.poll(None if seconds is None else seconds * 1000)}


def write_all(descriptor: int, data: bytes) -> None:
    """All of it, to a terminal that somebody may have made non-blocking, too."""
    while data:
        ready({descriptor: select.POLLOUT})
        data = data[os.write(descriptor, data) :]
