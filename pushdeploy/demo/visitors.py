"""The demo's visitors: they ask for the page all the time, and count what they get."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from pushdeploy.demo.blog import release_of
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from types import TracebackType

VISITORS = 4
PAUSE_SECONDS = 0.005
PATIENCE_SECONDS = 30.0
OK = 200


@dataclass(slots=True)
class Visitors:
    """Used as `with Visitors(port) as visitors`; they come until the block ends."""

    port: int
    answers: Counter[str] = field(default_factory=Counter)
    """Complete answers by the release that gave them."""
    failures: list[str] = field(default_factory=list)
    first_seen: dict[str, float] = field(default_factory=dict)
    """When each release answered first, in seconds of the monotonic clock."""
    slowest: float = 0.0
    """Seconds."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(VISITORS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    @property
    def total(self) -> int:
        """Requests so far."""
        return sum(self.answers.values()) + len(self.failures)

    def wait_for(self, release: str, seconds: float) -> None:
        """Until somebody has seen a release."""
        end = time.monotonic() + seconds
        while not self.answers[release] and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS)

    def _visit(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                answer = get(self.port, "/", host="localhost", seconds=PATIENCE_SECONDS)
            except NoAnswerError as error:
                self.failures.append(str(error))
                continue
            finally:
                self.slowest = max(self.slowest, time.monotonic() - began)
            if answer.status == OK and answer.body.rstrip().endswith("</html>"):
                release = release_of(answer.body)
                self.answers[release] += 1
                self.first_seen.setdefault(release, time.monotonic())
            else:
                self.failures.append(f"{answer.status} {answer.reason}")
            time.sleep(PAUSE_SECONDS)
