"""A clock that only sleeping moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeClock:
    """Seconds that pass when somebody sleeps, and nobody waits for them."""

    def __init__(self) -> None:
        self.time = 1_795_341_600.0
        self.on_now: Callable[[], None] = lambda: None

    def now(self) -> float:
        """Epoch seconds."""
        self.on_now()
        return self.time

    def monotonic(self) -> float:
        """The same seconds; their zero is of no interest."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.time += seconds
