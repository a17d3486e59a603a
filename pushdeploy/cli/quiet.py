"""What is said when nothing happens: no step of a deploy is silent for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pushdeploy.cli.style import DETAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE_SECONDS = 3.0

DOING = {
    "attempt.started": "checking out",
    "checkout.finished": "checking out",
    "build.started": "installing packages",
    "build.output": "installing packages",
    "release_phase.started": "running the release command",
    "release_phase.output": "running the release command",
    "web.starting": "waiting for web to answer its health check",
    "web.healthy": "starting workers",
    "release.switched": "watching whether everything stays up",
    "workers.changed": "watching whether everything stays up",
}
"""What is under way after an event, by its name; after others nobody has to wait."""

WAITING = "waiting for the other job"


class Quiet:
    """Knows how long nothing was said, and what is waited for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._doing: str | None = None
        self._since = self._said = clock()

    def heard(self, record: Mapping[str, object]) -> None:
        """An event of the attempt came."""
        self.begin(DOING.get(str(record.get("event"))))

    def begin(self, doing: str | None) -> None:
        """Something was said, and this is under way now."""
        self._said = self._clock()
        if doing != self._doing:
            self._doing, self._since = doing, self._said

    def line(self) -> str | None:
        """What to say now; `None` when something was said a moment ago, or nothing is due."""
        now = self._clock()
        if self._doing is None or now - self._said < PATIENCE_SECONDS:
            return None
        self._said = now
        return f"{DETAIL}still {self._doing} ({now - self._since:.0f} s)"
