"""A line of an app's log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that an instance printed."""

    at: float
    """Epoch seconds."""
    release: int
    process_type: str
    """As in the unit's name: `send_mail` for `send-mail`."""
    index: int
    text: str

    @property
    def instance(self) -> str:
        """`worker.1`."""
        return f"{self.process_type}.{self.index}"

    def of(self, names: Collection[str]) -> bool:
        """True when it comes from one of these process types or instances; none named means any."""
        return not names or self.process_type in names or self.instance in names
