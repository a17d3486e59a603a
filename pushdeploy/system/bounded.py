"""What programs print, read as it comes and kept within bounds, however much it is."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from typing import IO, TYPE_CHECKING, Protocol, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 64 << 10

FIRST_PAUSE_SECONDS = 0.0002
LONGEST_PAUSE_SECONDS = 0.05
"""Between two looks whether a program that has closed its outputs has ended."""


class Child(Protocol):
    """A program that was started, as `subprocess.Popen` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """Its exit status once it has ended."""


def collect(child: Child, data: bytes, *, seconds: float, limit: int) -> tuple[bytes, bytes] | None:
    """Give a program its stdin and read both its outputs; `None` when it takes too long.

    Of each output the last `limit` bytes are kept, and never much more.
    """
    end = time.monotonic() + seconds
    kept = {one.fileno(): bytearray() for one in (child.stdout, child.stderr) if _is_open(one)}
    left = memoryview(data)
    with selectors.DefaultSelector() as selector:
        for number in kept:
            selector.register(number, selectors.EVENT_READ)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            selector.register(child.stdin.fileno(), selectors.EVENT_WRITE)
        streams = [kept.get(one.fileno()) if _is_open(one) else None for one in _outputs(child)]
        while selector.get_map():
            if time.monotonic() >= end:
                return None
            for key, _ in selector.select(max(0.0, end - time.monotonic())):
                if key.fd in kept:
                    done = _read(key.fd, kept[key.fd], limit)
                else:
                    left = _write(key.fd, left)
                    done = not left
                if done:
                    selector.unregister(key.fd)
                    if key.fd not in kept and child.stdin is not None:
                        _close(child.stdin)
    if not _waited(child, end):
        return None
    out, error = (bytes((one or b"")[-limit:]) for one in streams)
    return out, error


def _outputs(child: Child) -> tuple[IO[bytes] | None, IO[bytes] | None]:
    return child.stdout, child.stderr


def _is_open(stream: IO[bytes] | None) -> TypeGuard[IO[bytes]]:
    return stream is not None and not stream.closed


def split(stream: IO[bytes], separator: bytes, longest: int) -> Iterator[bytes]:
    """The records of a stream, as they come; one of more than `longest` bytes ends it."""
    rest = b""
    while data := os.read(stream.fileno(), CHUNK):
        *whole, rest = (rest + data).split(separator)
        yield from whole
        if len(rest) > longest:
            return
    if rest:
        yield rest


def _waited(child: Child, end: float) -> bool:
    """Wait for its end; False when it does not come in time."""
    pause = FIRST_PAUSE_SECONDS
    while child.poll() is None:
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return True


def _write(number: int, data: memoryview) -> memoryview:
    try:
        return data[os.write(number, data[:CHUNK]) :] if data else data
    except BlockingIOError:
        return data
    except BrokenPipeError:  # its exit status says more
        return data[:0]


def _read(number: int, kept: bytearray, limit: int) -> bool:
    """Read some; True at the end."""
    data = os.read(number, CHUNK)
    kept += data
    if len(kept) > limit + (limit >> 1) + CHUNK:
        del kept[:-limit]
    return not data


def _close(stream: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()
