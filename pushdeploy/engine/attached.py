"""Jobs that a caller watches: connected to the caller's stdin, stdout and stderr."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.wire import DESCRIPTORS

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.job import Job

TERMINAL_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,40}")


@dataclass(frozen=True, slots=True)
class Ran:
    """How the command ended."""

    exit_code: int
    why: str = ""
    """The cause of its failure, if what it printed tells it."""
    hint: str = ""
    """The one command that helps."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Where a job is connected to."""

    descriptors: tuple[int, int, int]
    terminal: bool
    """The job gets a terminal of its own; it never gets the caller's."""
    environment: tuple[tuple[str, str], ...]

    def run(self, asked: Asked, job: Job) -> Ran:
        """Run a job to its end."""
        return Ran(self._run(asked, job, self.descriptors))

    def run_heard(self, asked: Asked, job: Job) -> tuple[int, str]:
        """The same; returns its exit status, and the last that it printed to stderr, if anything.

        At a terminal: the last that was shown there.
        """
        from pushdeploy.system.overheard import Heard, overheard  # noqa: PLC0415 - `run` alone

        heard = Heard()
        with overheard(self.descriptors, heard, terminal=self.terminal) as descriptors:
            status = self._run(asked, job, descriptors)
        return status, heard.text

    def _run(self, asked: Asked, job: Job, descriptors: tuple[int, int, int]) -> int:
        job = replace(job, environment=(*job.environment, *self.environment))
        return asked.machine.supervisor.run(
            job, descriptors, terminal=self.terminal, left=asked.session.is_hung_up
        )


def attach(asked: Asked, *, terminal: bool, term: str) -> Attached:
    """What the caller gave; `terminal`, `term`: it sits at one, of that kind.

    Raises:
        UsageError: there are not three descriptors, or one of them is the caller's terminal.
    """
    descriptors = _descriptors(asked.session.descriptors)
    own = _has_terminal(descriptors, asked=terminal)
    return Attached(descriptors, own, _environment(term))


def _descriptors(given: tuple[int, ...]) -> tuple[int, int, int]:
    if len(given) != DESCRIPTORS:
        raise UsageError("`run` needs the caller's stdin, stdout and stderr")
    stdin, stdout, stderr = given
    return stdin, stdout, stderr


def _has_terminal(descriptors: tuple[int, int, int], *, asked: bool) -> bool:
    """Whether the command gets a terminal of its own; it never gets the caller's.

    What it once holds it can read for ever, after Ctrl-C too.
    """
    stdin, stdout, _ = descriptors
    if asked and os.isatty(stdin) and os.isatty(stdout):
        return True
    if any(map(os.isatty, descriptors)):
        raise UsageError("an app's command is not given the caller's terminal")
    return False


def _environment(term: str) -> tuple[tuple[str, str], ...]:
    return (("TERM", term),) if TERMINAL_NAME.fullmatch(term) else ()
