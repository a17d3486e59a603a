"""A time by which something must have ended: it is interrupted where it is, and says so."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from pushdeploy.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


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
