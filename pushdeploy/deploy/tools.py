"""The tools of a machine beside those that run apps, as the story sees them.

Each is real on a server, and does nothing or refuses in embedded mode where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.system.processes import Usage


class Resources(Protocol):
    """Memory, processors and disk."""

    def available_memory(self) -> int:
        """Bytes that can be had without swapping."""

    def total_memory(self) -> int:
        """Bytes in all."""

    def cores(self) -> int:
        """Processors that we may use."""

    def usage(self, pid: int, *, grandchildren: bool = True) -> Usage | None:
        """What a process and its children use; `None` when it has ended."""

    def server_workers(self, pid: int) -> int | None:
        """How many workers a server's master has now; `None` for one that has none by design."""

    def free_disk(self, folder: Path) -> int:
        """Bytes that may still be written on the filesystem of `folder`."""

    def booted(self) -> float:
        """When the machine was started, in epoch seconds."""


class Timers(Protocol):
    """Has commands of ours run later, without anything of ours that waits."""

    def wake(self, app: str, seconds: float) -> None:
        """Have `reconcile` run for the app after so long; the newest call counts."""
