"""Whether a web process that runs has gone wrong for good, so that waiting longer helps nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.deploy.listener import elsewhere

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.health import HealthCheck
    from pushdeploy.model.instance import Instance
    from pushdeploy.model.release import Release

SERVER_ERROR = 500

STEADY_SECONDS = 8.0
"""So long the same trouble, each time that it is looked at. Time enough to open `$PORT` after
another port, or to come to a database that starts at the same time."""


@dataclass(slots=True)
class Stuck:
    """What is wrong since when, from one look to the next.

    An app whose own check says how long to wait is given that time.
    """

    machine: Machine
    release: Release
    instance: Instance
    _trouble: str | None = None
    _since: float = 0.0

    def is_final(self, check: HealthCheck, status: int | None) -> bool:
        """Whether the trouble has been the same for long enough.

        Args:
            check: what was asked.
            status: what the app answered, if anything; 503 means that it is not ready yet.
        """
        trouble = None if check.explicit else self._look(status)
        now = self.machine.monotonic()
        if trouble != self._trouble:
            self._trouble, self._since = trouble, now
        return trouble is not None and now - self._since >= STEADY_SECONDS

    def _look(self, status: int | None) -> str | None:
        if status == SERVER_ERROR:
            return "500"
        port = self.instance.port
        if status is not None or port is None or self.machine.ports.listener(port) is not None:
            return None
        found = elsewhere(self.machine, self.release)
        return None if found is None else f"listens on {found}"
