"""Verbs that work at the caller's terminal: its stdin, stdout and stderr come with the request."""

from __future__ import annotations

import datetime
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy import fit
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.release import RUN
from pushdeploy.deploy.release_phase import app_job
from pushdeploy.engine.caller import caller
from pushdeploy.engine.protocol import DESCRIPTORS
from pushdeploy.engine.verbs import app_of
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.job import JobKind
from pushdeploy.model.log_line import Kept
from pushdeploy.model.text import escaped, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.engine.verbs import Request
    from pushdeploy.model.log_line import LogLine

RUN_SECONDS = 86_400.0
"""A one-off command that somebody forgot ends after a day."""

SHOWN_LINES = 100
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TERMINAL_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,40}")


def _logs(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    app = app_of(request)
    journal = Journal(machine.layout.app(app))
    journal.settings()
    asked, found, told = int(request.get("count", SHOWN_LINES)), 0, False
    names = [str(name) for name in request.get("types", [])]
    follow = bool(request.get("follow"))
    for line in machine.supervisor.logs(app, names=names, lines=asked, follow=follow):
        if line is not None:
            found += 1
            if not session.write(1, f"{_shown(line)}\n".encode("utf-8", "replace")):
                return {}
        elif session.is_left():
            return {}
        elif not told:  # all that was there is shown
            told = True
            _refuse_unknown(machine, journal, names, none=not found)
            session.write(2, _why_few(machine, journal, asked - found, none=not found))
    if not told:
        _refuse_unknown(machine, journal, names, none=not found)
        session.write(2, _why_few(machine, journal, asked - found, none=not found))
    return {}


def _refuse_unknown(machine: Machine, journal: Journal, names: list[str], *, none: bool) -> None:
    """Nothing is there of a process type, and none of that name will print anything.

    Raises:
        NotFoundError: the live Procfile has none of them.
    """
    release = journal.current() if none and names else None
    if release is None or machine.supervisor.keeping().kept is Kept.NOTHING:
        return
    types = [line.name for line in release.procfile.lines]
    if not any(name.partition(".")[0] in types for name in names):
        there = ", ".join(types)
        raise NotFoundError(
            f"the Procfile of `{release.app}` has no {quoted(names[0])}; it has: {there}",
            hint=f"pushdeploy logs -p {types[0]} --app {release.app}",
        )


def _why_few(machine: Machine, journal: Journal, missing: int, *, none: bool) -> bytes:
    """What there is to say of fewer lines than were asked for, if anything."""
    if missing <= 0:
        return b""
    keeping, app = machine.supervisor.keeping(), journal.place.name
    if keeping.kept is Kept.NOTHING:
        return f"What {app} prints is not kept: {keeping.why}.\n".encode()
    began = min((one.at for one in journal.attempts()), default=machine.now())
    if keeping.kept is Kept.UNTIL_REBOOT and began < machine.resources.booted():
        return f"What {app} printed before the reboot is gone: {keeping.why}.\n".encode()
    return b"" if not none else f"{app} has printed nothing that is still kept.\n".encode()


def _shown(line: LogLine) -> str:
    at = datetime.datetime.fromtimestamp(line.at, tz=datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ} app[{line.instance}]: {escaped(COLOUR.sub('', line.text))}"


def _run(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    journal = Journal(machine.layout.app(app_of(request)))
    journal.settings()
    release = journal.current()
    if release is None:
        raise NotFoundError(
            f"`{journal.place.name}` has no live release to run a command in",
            hint="git push production main",
        )
    trouble = fit.misfit(machine, release)
    if trouble is not None:
        raise UnavailableError(trouble, hint=fit.hint(release.app))
    argv = tuple(str(word) for word in request.get("argv", []))
    if not argv or any("\0" in word for word in argv):
        raise UsageError("there is no command to run", hint="pushdeploy run python")
    if len(session.descriptors) != DESCRIPTORS:
        raise UsageError("`run` needs the caller's stdin, stdout and stderr")
    job = replace(
        app_job(machine, release, JobKind.RUN, f".{RUN}", argv),
        seconds=RUN_SECONDS,
        environment=_environment(request),
    )
    stdin, stdout, stderr = session.descriptors
    terminal = bool(request.get("terminal")) and os.isatty(stdin)
    status = machine.supervisor.run(
        job, (stdin, stdout, stderr), terminal=terminal, left=session.is_hung_up
    )
    return {"exit_code": status}


def _environment(request: Request) -> tuple[tuple[str, str], ...]:
    name = str(request.get("term") or "")
    return (("TERM", name),) if TERMINAL_NAME.fullmatch(name) else ()


ATTACHED: Mapping[str, Verb] = {"logs": _logs, "run": _run}
"""Verbs that need the caller's descriptors."""
