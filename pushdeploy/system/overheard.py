"""What a program prints to somebody else, heard on its way: carried over as it comes.

Each byte goes on at once; the last of them are kept, for whoever wants to say why it failed.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import stat
import threading
import tty
from typing import TYPE_CHECKING

from pushdeploy.system.terminal import LOOK_SECONDS, copy_size, raw
from pushdeploy.system.terminal_pipes import CHUNK, ready, rest_of, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Descriptors = tuple[int, int, int]

KEPT = 32 << 10
"""Bytes: a long traceback and what came of it."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)|[@-Z\\^_])")


class Heard:
    """The last that was printed."""

    def __init__(self) -> None:
        self._last = bytearray()

    def take(self, data: bytes) -> None:
        """Take what comes next."""
        self._last += data
        del self._last[:-KEPT]

    @property
    def text(self) -> str:
        """As a person saw it, without colours."""
        text = self._last.decode("utf-8", "replace").replace("\r\n", "\n")
        return _ESCAPE.sub("", text)


@contextlib.contextmanager
def overheard(descriptors: Descriptors, heard: Heard, *, terminal: bool) -> Iterator[Descriptors]:
    """stdin, stdout and stderr to hand over; what comes out of stderr, or the terminal, is heard.

    stdout is heard only where it is the same file as stderr: then their order stays. When the
    block ends, all that was printed has been carried over.

    Args:
        descriptors: of who shall see it.
        heard: takes it.
        terminal: all three are a terminal.
    """
    if terminal:
        with _at_terminal(descriptors, heard) as handed:
            yield handed
    elif stat.S_ISCHR(os.fstat(descriptors[2]).st_mode):  # /dev/null
        yield descriptors
    else:
        with _in_pipe(descriptors, heard) as handed:
            yield handed


@contextlib.contextmanager
def _in_pipe(descriptors: Descriptors, heard: Heard) -> Iterator[Descriptors]:
    stdin, stdout, stderr = descriptors
    pipe, handed = os.pipe()
    end, ending = os.pipe()
    thread = _start(_carry, pipe, stderr, end, heard)
    try:
        yield stdin, handed if os.path.sameopenfile(stdout, stderr) else stdout, handed
    finally:
        os.close(handed)
        os.close(ending)
        thread.join()
        os.close(end)


def _carry(pipe: int, stderr: int, end: int, heard: Heard) -> None:
    """Until nobody writes any more; at the end of the block, what is in the pipe by then.

    When nobody reads, the program is to see that: its end of the pipe goes, too.
    """

    def pass_on(most: int) -> int:
        data = os.read(pipe, min(most, CHUNK))
        heard.take(data)
        write_all(stderr, data)
        return len(data)

    try:
        while end not in ready({pipe: select.POLLIN, end: 0}):
            if not pass_on(CHUNK):
                return
        rest = rest_of(pipe)
        while rest > 0:
            rest -= pass_on(rest)
    finally:
        os.close(pipe)


@contextlib.contextmanager
def _at_terminal(descriptors: Descriptors, heard: Heard) -> Iterator[Descriptors]:
    """A terminal between the two: theirs passes on each key, and shows each byte."""
    stdin, stdout, _ = descriptors
    outer, inner = os.openpty()
    copy_size(stdin, outer)
    tty.setraw(inner)  # the program's own terminal echoes
    with raw(stdin):
        thread = _start(_show, outer, stdin, stdout, heard)
        try:
            yield inner, inner, inner
        finally:
            os.close(inner)
            thread.join()


def _show(outer: int, stdin: int, stdout: int, heard: Heard) -> None:
    """Until the last user of the inner end has gone, which says EIO here, or theirs hangs up."""
    try:
        while True:
            came = ready({stdin: select.POLLIN, outer: select.POLLIN}, LOOK_SECONDS)
            copy_size(stdin, outer)
            if outer in came:
                data = os.read(outer, CHUNK)
                heard.take(data)
                write_all(stdout, data)
            if stdin in came:
                data = os.read(stdin, CHUNK)
                if not data:  # it is closed: a key, Ctrl-D too, is a byte
                    return
                write_all(outer, data)
    finally:
        os.close(outer)


def _start(work: Callable[..., None], *given: object) -> threading.Thread:
    def carry() -> None:
        with contextlib.suppress(OSError):  # who reads, or who writes, is gone
            work(*given)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    return thread
