"""Watchers: what a hook, a wrapper or a command shows of an attempt as it goes.

No step is silent for long: what is under way is said each few seconds.
"""

from __future__ import annotations

import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from pushdeploy.cli.seen_from import SeenFrom
from pushdeploy.cli.style import DETAIL, STEP, problem, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pushdeploy.model.ended import Ended

STALL_SECONDS = 10.0
"""A reader that takes nothing for so long has gone or is stopped."""

LAST_WORDS = ("attempt.failed", "release.live", "release.rolled_back")
"""Events that tell a person how the attempt ended."""


PATIENCE_SECONDS = 3.0

DOING = {
    "restore.step": "working",
    "attempt.started": "checking out",
    "checkout.finished": "checking out",
    "build.python_fetching": "fetching Python",
    "build.started": "installing packages",
    "build.output": "installing packages",
    "step.started": "running a build step",
    "step.output": "running a build step",
    "release_phase.started": "running the release command",
    "release_phase.output": "running the release command",
    "web.starting": "waiting for web to answer its health check",
    "web.unhealthy": "getting the same answer",
    "web.healthy": "starting workers",
    "release.switched": "watching whether everything stays up",
    "workers.changed": "watching whether everything stays up",
}
"""What is under way after an event, by its name; after others nobody has to wait."""

WAITING = "waiting for the other job"


class Printer:
    """Prints to a terminal or a pipe and believes in its reader."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._told = False
        self._seen = SeenFrom()
        self._quiet = Quiet()

    def show(self, text: Iterable[str]) -> bool:
        """Write lines; False when nobody reads them any more."""
        data = "".join(f"{line}\n" for line in text).encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return False
        return True

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Another attempt is under way."""
        self._quiet.begin(WAITING)
        since = max(0, time.time() - float(holder.get("at", 0)))
        self.show(
            [
                f"{STEP}Waiting for another job: {holder.get('what')}, by {holder.get('who')}",
                f"{DETAIL}started {since:.0f} s ago; this one runs after it",
            ]
        )

    def idle(self) -> bool:
        """Nothing has come; say what is waited for when that lasts."""
        line = self._quiet.line()
        return line is None or self.show([line])

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt."""
        from pushdeploy.cli.console import Known, lines  # while the engine works
        from pushdeploy.events import from_record

        self._told = self._told or record.get("event") in LAST_WORDS
        self._quiet.heard(record)
        event = from_record(record)
        seen = self._seen.viewpoint(record)
        return event is None or self.show(lines(cast("Known", event), seen))

    def end(self, ended: Ended) -> None:
        """The last words: the engine's answer, unless an event has told the same.

        Events are lost when the disk of the logs is full.
        """
        from pushdeploy.model.ended import EndedAs

        text, hint = ended.text, ended.hint
        if ended.outcome not in (EndedAs.FAILED, EndedAs.LIVE):
            say = problem if ended.exit_code else result
            self.show(say(text, hint) if text else ())
        elif not self._told:
            live = result(f"v{ended.release} is live")
            failed = problem(text or "It failed", hint)
            self.show(live if ended.outcome is EndedAs.LIVE else failed)


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


class PatientPrinter(Printer):
    """Prints to git's side channel, whose reader may be gone without anybody noticing.

    A hook that prints more than 64 KiB after its client has vanished blocks for ever; this one
    writes without blocking and gives up after `STALL_SECONDS` without progress.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        os.set_blocking(descriptor, False)

    def show(self, text: Iterable[str]) -> bool:
        """Write lines; False when the reader takes nothing."""
        data = "".join(f"{line}\n" for line in text).encode("utf-8", "replace")
        while data:
            _, ready, _ = select.select([], [self._descriptor], [], STALL_SECONDS)
            if not ready:
                return False
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True


def stderr() -> Printer:
    """Talk goes to stderr."""
    sys.stderr.flush()
    return Printer(2)
