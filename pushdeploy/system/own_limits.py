"""What this process may take: memory and processor (getrlimit(2)), and time."""

from __future__ import annotations

import resource
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from pushdeploy.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = 768 << 20
"""Bytes of data of each process that handles what was pushed. git reads packs by mapping them,
which does not count; 200,000 files take it 200 MB."""

CPU_SECONDS = 900
"""Of each process: a pack of a gigabyte takes some minutes."""


def hold_to_limits(memory: int = MEMORY, cpu: int = CPU_SECONDS) -> None:
    """Set them, or keep lower ones."""
    _hold(resource.RLIMIT_DATA, memory)
    hold_processor(cpu)


def hold_processor(seconds: int) -> None:
    """Be ended by the kernel after so many seconds of the processor's time."""
    _hold(resource.RLIMIT_CPU, seconds)


def _hold(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (value, hard))


class TooLateError(UnavailableError):
    """The time was over."""


@contextmanager
def deadline(seconds: float, what: str, hint: str) -> Iterator[None]:
    """Let the block take so long; one around it that ends sooner still counts.

    Python code and system calls are interrupted, programs that we wait for are ended. In a thread
    other than the first nothing is (signal(7)).

    Args:
        seconds: the longest.
        what: what takes it, for the message.
        hint: the command that shows what it waited for.

    Raises:
        TooLateError: the block had not ended.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: object) -> NoReturn:
        raise TooLateError(
            f"{what} was stopped after {_shown(seconds)}, its time limit",
            hint=hint,
        )

    around, _ = signal.getitimer(signal.ITIMER_REAL)
    if 0 < around <= seconds:
        yield
        return
    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        left = max(0.001, around - (time.monotonic() - began)) if around else 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)


def _shown(seconds: float) -> str:
    hour = 3600
    return f"{seconds / hour:g} h" if seconds >= hour else f"{seconds:.0f} s"
