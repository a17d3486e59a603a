"""A line of an app's log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.procfile import unit_safe

if TYPE_CHECKING:
    from collections.abc import Collection


KILLED_FOR_MEMORY = "killed by the kernel: out of memory"
"""Stands in the log where the kernel ended a process of an instance."""


class Kept(StrEnum):
    """How long the system keeps what apps print."""

    LASTING = "lasting"
    UNTIL_REBOOT = "until reboot"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long what apps print is kept, and where that is set."""

    kept: Kept
    why: str = ""
    """`Storage=none in journald.conf`; empty when it lasts."""


def lost_lines(count: str | int) -> str:
    """Stands in the log where lines of an instance were thrown away before anybody read them."""
    return f"({int(count):,} lines are lost here: the log could not take them)"


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
    job: str = ""
    """The name of the job that runs by the clock, if it was one."""

    @property
    def instance(self) -> str:
        """`worker.1`, `cron.send-mail`."""
        return f"{self.process_type}.{self.job or self.index}"

    def of(self, names: Collection[str]) -> bool:
        """True when it comes from one of these process types or instances; none named means any."""
        wanted = {unit_safe(name) for name in names}
        return not wanted or self.process_type in wanted or unit_safe(self.instance) in wanted
