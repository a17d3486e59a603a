"""A command of a person's, as the app, at the caller's terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.engine.attached import Ran, attach
from pushdeploy.engine.deadlines import DAY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked

SIGNAL = 128
"""A status above it is of a signal, such as Ctrl-C: what ended it was not the program."""

RUN_SECONDS = 86_400.0
"""A one-off command that somebody forgot ends after a day."""


@verb("run", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def run(asked: Asked, *, argv: tuple[str, ...], terminal: bool = False, term: str = "") -> Ran:
    """Run `argv` with the live release's code and config vars; `terminal`, `term`: the caller's.

    Before the first is live, with those of the newest one that was tried. One word that is a
    process type runs its line.
    """
    from pushdeploy.deploy import fit
    from pushdeploy.deploy.explain import of_run
    from pushdeploy.deploy.release import RUN
    from pushdeploy.deploy.release_phase import app_job
    from pushdeploy.model.job import JobKind
    from pushdeploy.model.refname import push_command

    machine = asked.machine
    attached = attach(asked, terminal=terminal, term=term)
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
    status, printed = attached.run_heard(asked, replace(job, seconds=RUN_SECONDS))
    if not 0 < status < SIGNAL:
        return Ran(status)
    cause = of_run(machine, release, argv, printed)
    return Ran(status) if cause is None else Ran(status, cause.text, cause.hint)
