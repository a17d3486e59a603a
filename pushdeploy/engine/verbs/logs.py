"""What an app printed, at the caller's terminal."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import DAY_SECONDS
from pushdeploy.engine.registry import Done, verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.cron_job import PROCESS_TYPE
from pushdeploy.model.log_line import Kept
from pushdeploy.model.rights import Right
from pushdeploy.model.text import escaped, quoted

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.log_line import LogLine

SHOWN_LINES = 100
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@verb("logs", Done, right=Right.LOOK, seconds=DAY_SECONDS)
def logs(
    asked: Asked, *, count: int = SHOWN_LINES, types: tuple[str, ...] = (), follow: bool = False
) -> Done:
    """Print `count` lines of process `types`, and `follow` what comes."""
    asked.records()
    session, names, found, told = asked.session, list(types), 0, False
    for line in asked.machine.supervisor.logs(asked.app, names=names, lines=count, follow=follow):
        if line is not None:
            found += 1
            if not session.write(1, f"{_shown(line)}\n".encode("utf-8", "replace")):
                return Done()
        elif session.is_left():
            return Done()
        elif not told:  # all that was there is shown
            told = True
            _say_why_few(asked, names, count - found, none=not found)
    if not told:
        _say_why_few(asked, names, count - found, none=not found)
    return Done()


def _say_why_few(asked: Asked, names: list[str], missing: int, *, none: bool) -> None:
    _refuse_unknown(asked, names, none=none)
    asked.session.write(2, _why_few(asked, names, missing, none=none))


def _refuse_unknown(asked: Asked, names: list[str], *, none: bool) -> None:
    """Nothing is there of a process type, and none of that name will print anything.

    Raises:
        NotFoundError: the live Procfile has none of them, and app.json no such job.
    """
    release = asked.records().current() if none and names else None
    if release is None or asked.machine.supervisor.keeping().kept is Kept.NOTHING:
        return
    types = [line.name for line in release.procfile.lines]
    jobs = [job.name for job in release.cron]
    wanted = [name.partition(".")[2] for name in names if name.partition(".")[0] == PROCESS_TYPE]
    if jobs and wanted:
        if any(not name or name in jobs for name in wanted):
            return
        raise NotFoundError(
            f"`{release.app}` has no job {quoted(wanted[0])}; it has: {', '.join(jobs)}",
            hint=f"pushdeploy cron --app {release.app}",
        )
    if not any(name.partition(".")[0] in types for name in names):
        there = ", ".join(types)
        raise NotFoundError(
            f"the Procfile of `{release.app}` has no {quoted(names[0])}; it has: {there}",
            hint=f"pushdeploy logs -p {types[0]} --app {release.app}",
        )


def _why_few(asked: Asked, names: list[str], missing: int, *, none: bool) -> bytes:
    """What there is to say of fewer lines than were asked for, if anything."""
    if missing <= 0:
        return b""
    keeping, app = asked.machine.supervisor.keeping(), asked.app
    if keeping.kept is Kept.NOTHING:
        return f"The output of {app} is not kept: {keeping.why}.\n".encode()
    began = min((one.at for one in asked.records().attempts()), default=asked.machine.now())
    if keeping.kept is Kept.UNTIL_REBOOT and began < asked.machine.resources.booted():
        return f"The output of {app} from before the reboot is gone: {keeping.why}.\n".encode()
    if not none:
        return b""
    whose = f"{escaped(', '.join(names))} of {app}" if names else app
    return f"There is no output of {whose} yet, or it is no longer kept.\n".encode()


def _shown(line: LogLine) -> str:
    at = datetime.datetime.fromtimestamp(line.at, tz=datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ} app[{line.instance}]: {escaped(COLOUR.sub('', line.text))}"
