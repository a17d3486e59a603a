"""What systemd is told of a job that runs by the clock: unit files, as values.

Its command never stands in them: they run the start script of whatever release is live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.cron_job import PROCESS_TYPE, by_hand_unit, cron_unit
from pushdeploy.model.instance import DEFAULT_FILES
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import PROGRAM as SYSTEMCTL
from pushdeploy.system.unit_files import LIMITS, literal, slice_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.model.cron_job import TimedJob

LONGEST_SECONDS = 86_400
"""A run that hangs ends after a day, so that it does not keep the next ones out for ever."""

REPLACE = ".replace"

_BASH = ("/bin/bash", "--norc", "-c")
_INTO = 'umask 077; LC_ALL=C; exec >>"$1"; printf '
_BEGAN = r"""'{"run":"%s","began":%s}\n' "$INVOCATION_ID" "$EPOCHREALTIME" """
_ENDED = (
    r"""'{"run":"%s","ended":%s,"result":"%s","status":"%s"}\n' """
    '"$INVOCATION_ID" "$EPOCHREALTIME" "$SERVICE_RESULT" "$EXIT_STATUS"'
)
NOTE_BEGIN = (*_BASH, f"{_INTO}{_BEGAN.strip()}", "cron")
NOTE_END = (*_BASH, f"{_INTO}{_ENDED}", "cron")
"""Then the file of the job's runs (`model/cron_run.py`); the variables are systemd's
(systemd.exec(5)). A server's locale may write fractions with a comma."""

UNLESS_ACTIVE = ("/bin/sh", "-c", '! systemctl --quiet is-active "$1"', "cron")
"""Then a unit."""

LOOK_SECONDS = 2
UNLESS_LOCKED = (
    *("/bin/sh", "-c"),
    f'! [ -e "$1" ] || flock --wait {LOOK_SECONDS} "$1" true',
    "cron",
)
"""Then a lock. Whoever runs a job by hand takes it, then looks whether this is under way, and gives
it back at once if so: then this waits for it, and runs."""


def schedule_files(job: TimedJob) -> Iterator[tuple[str, str]]:
    """The unit files of a job: name and text."""
    unit, name = cron_unit(job.app, job.name), f"{PROCESS_TYPE}.{job.name}"
    common = {"app": job.app, "name": name}
    due = f"{unit}{REPLACE if job.replaces else ''}.service"
    yield f"{unit}.service", _service(job, name)
    if job.replaces:
        restart = literal(SYSTEMCTL, "restart", "--no-block", f"{unit}.service")
        yield due, render("systemd/replace.service.j2", **common, restart=restart)
    yield (
        f"{unit}.timer",
        render(
            "systemd/schedule.timer.j2",
            **common,
            calendar=job.calendar,
            catch_up=job.catch_up,
            unit=due,
        ),
    )


def _service(job: TimedJob, name: str) -> str:
    by_hand = f"{by_hand_unit(job.app, job.name)}.service"
    return render(
        "systemd/schedule.service.j2",
        app=job.app,
        name=name,
        script=job.script,
        heartbeat=job.heartbeat,
        unless_by_hand=literal(*UNLESS_ACTIVE, by_hand),
        unless_locked=literal(*UNLESS_LOCKED, str(job.lock)),
        note_begin=literal(*NOTE_BEGIN, str(job.runs)),
        note_end=literal(*NOTE_END, str(job.runs)),
        user=job.user,
        home=job.home,
        shared=job.shared,
        slice=slice_of(job.app),
        longest=LONGEST_SECONDS,
        files=DEFAULT_FILES,
        **LIMITS,
    )
