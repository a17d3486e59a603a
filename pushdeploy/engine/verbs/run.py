"""A command of a person's, as the app, at the caller's terminal."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import DAY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.rights import Right
from pushdeploy.model.wire import DESCRIPTORS

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked

RUN_SECONDS = 86_400.0
"""A one-off command that somebody forgot ends after a day."""

TERMINAL_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,40}")


@dataclass(frozen=True, slots=True)
class Ran:
    """How the command ended."""

    exit_code: int


@verb("run", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def run(asked: Asked, *, argv: tuple[str, ...], terminal: bool = False, term: str = "") -> Ran:
    """Run `argv` with the live release's code and config vars; `terminal`, `term`: the caller's.

    Before the first is live, with those of the newest one that was tried. One word that is a
    process type runs its line.
    """
    from pushdeploy.deploy import fit
    from pushdeploy.deploy.release import RUN
    from pushdeploy.deploy.release_phase import app_job
    from pushdeploy.model.job import JobKind
    from pushdeploy.model.refname import push_command

    machine, session = asked.machine, asked.session
    descriptors = _descriptors(session.descriptors)
    own_terminal = _has_terminal(descriptors, asked=terminal)
    records = asked.records()
    release = records.current() or records.newest_tried()
    if release is None:
        raise NotFoundError(
            f"`{asked.app}` has no release yet to run a command in",
            hint=push_command(records.settings().branch),
        )
    trouble = fit.misfit(machine, release)
    if trouble is not None:
        raise UnavailableError(trouble, hint=fit.hint(release.app))
    if not argv or any("\0" in word for word in argv):
        raise UsageError("there is no command to run", hint="pushdeploy run python")
    line = release.procfile.get(argv[0]) if len(argv) == 1 else None
    argv = argv if line is None else (line.command,)
    job = app_job(machine, release, JobKind.RUN, f".{RUN}", argv)
    job = replace(job, seconds=RUN_SECONDS, environment=(*job.environment, *_environment(term)))
    return Ran(
        machine.supervisor.run(job, descriptors, terminal=own_terminal, left=session.is_hung_up)
    )


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
