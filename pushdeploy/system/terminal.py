"""A program at somebody else's terminal: a terminal of its own, and the bytes carried over."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import tty
from typing import TYPE_CHECKING

from pushdeploy.system import command
from pushdeploy.system.command import Command, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_SECONDS = 0.2
"""How often the terminal's size is looked at: its signals go to the caller, not to us."""

CHUNK = 1 << 14


def run_at_terminal(line: Command, descriptors: tuple[int, int, int]) -> int:
    """Run a program whose terminal is a new one, shown at the caller's; returns its exit status.

    Args:
        line: the program.
        descriptors: stdin, stdout and stderr of the caller; the first is a terminal.
    """
    stdin, stdout, _ = descriptors
    outer, inner = os.openpty()
    try:
        copy_size(stdin, outer)
        child = _start(line, inner)
    finally:
        os.close(inner)
    with raw(stdin):
        _carry(child, stdin, stdout, outer)
    os.close(outer)
    return child.wait()


def _start(line: Command, inner: int) -> Process:
    """`setsid --ctty` makes the new terminal the one that the program is controlled by."""
    at_terminal = Command(
        ["setsid", "--ctty", "--wait", *line.argv],
        environment=line.environment,
        folder=line.folder,
        user=line.user,
        umask=line.umask,
    )
    return command.start(at_terminal, stdin=inner, stdout=inner, stderr=inner, new_session=False)


def _carry(child: Process, stdin: int, stdout: int, outer: int) -> None:
    sources = [stdin, outer]
    while True:
        ready, _, _ = select.select(sources, [], [], LOOK_SECONDS)
        copy_size(stdin, outer)
        if outer in ready:
            data = _read(outer)
            if not data:
                return
            _write(stdout, data)
        if stdin in ready:
            data = _read(stdin)
            if not data:  # it is closed: a key, Ctrl-D too, is a byte
                return
            _write(outer, data)
        if not ready and child.poll() is not None:
            return


def _read(descriptor: int) -> bytes:
    """Bytes, or none at the end; a terminal whose last user has gone says EIO (pty(7))."""
    try:
        return os.read(descriptor, CHUNK)
    except OSError:
        return b""


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def copy_size(source: int, target: int) -> None:
    """Make one terminal as large as another: rows, columns, and both in pixels (ioctl_tty(2))."""
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(struct.calcsize("HHHH")))
        if size != fcntl.ioctl(target, termios.TIOCGWINSZ, bytes(len(size))):
            fcntl.ioctl(target, termios.TIOCSWINSZ, size)


@contextlib.contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Every key goes to the program, Ctrl-C too, until it ends."""
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor, termios.TCSADRAIN)  # keep what was typed ahead
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # it is gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
