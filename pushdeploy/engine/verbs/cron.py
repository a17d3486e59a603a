"""What runs by the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.engine.attached import Ran, attach
from pushdeploy.engine.deadlines import DAY_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.engine.verbs.run import RUN_SECONDS
from pushdeploy.errors import UnavailableError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.cron_job import CronJob
    from pushdeploy.model.cron_run import CronRun

NEXT = 3
"""So many of a job's next times are told."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job."""

    began: float
    """Epoch seconds."""
    ended: float | None
    said: str
    """`ok`, `running`, `failed with status 3`."""
    ok: bool | None
    """Whether it ended well; `None` while it has not."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the live release."""

    name: str
    command: str
    schedule: str
    timezone: str
    words: str
    next: tuple[float, ...]
    """Epoch seconds; none when it is suspended."""
    suspended: str
    """By what: `cron:suspend` or `app.json`; empty when it is not."""
    running: bool
    last: Run | None


@dataclass(frozen=True, slots=True)
class Jobs:
    """What runs by the clock, in the order of app.json."""

    jobs: tuple[Job, ...]
    refusal: str
    """Why nothing does, in words; empty where it does."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The last runs of a job, newest first."""

    name: str
    timezone: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """Which job was meant, and whether it was not so before."""

    name: str
    changed: bool


@verb("cron", Jobs, right=Right.LOOK, seconds=QUERY_SECONDS)
def cron(asked: Asked) -> Jobs:
    """List the jobs of the live release."""
    records = asked.records()
    current = records.current()
    jobs = () if current is None else current.cron
    running = asked.machine.schedules.running(asked.app) if jobs else set()
    told = tuple(_told(asked, job, running=job.name in running) for job in jobs)
    return Jobs(told, asked.machine.schedules.refusal if jobs else "")


def _told(asked: Asked, job: CronJob, *, running: bool) -> Job:
    from pushdeploy.model.cron_line import next_times
    from pushdeploy.schedules.runs import runs_of

    records = asked.records()
    by = "cron:suspend" if job.name in records.settings().suspended else ""
    suspended = "app.json" if job.maintenance else by
    idle = suspended or asked.machine.schedules.refusal
    last = runs_of(records, job.name)[-1:]
    return Job(
        name=job.name,
        command=job.command,
        schedule=job.schedule,
        timezone=job.timezone,
        words=job.words,
        next=() if idle else next_times(job.schedule, job.timezone, asked.machine.now(), NEXT),
        suspended=suspended,
        running=running,
        last=_run(last[0], running=running) if last else None,
    )


def _run(one: CronRun, *, running: bool) -> Run:
    ok = None if one.ended is None else one.succeeded
    return Run(one.began, one.ended, one.said(running=running), ok)


@verb("cron.runs", Runs, right=Right.LOOK, seconds=QUERY_SECONDS)
def runs(asked: Asked, *, name: str, count: int) -> Runs:
    """List the last `count` runs of the job `name`."""
    from pushdeploy.schedules.find import find_job
    from pushdeploy.schedules.runs import runs_of

    records = asked.records()
    job = find_job(records, name)
    is_running = job.name in asked.machine.schedules.running(asked.app)
    found = runs_of(records, job.name)[-count:]
    told = [_run(one, running=is_running and one is found[-1]) for one in found]
    return Runs(job.name, job.timezone, tuple(told[::-1]))


@verb("cron.run", Ran, right=Right.RUN, seconds=DAY_SECONDS)
def run(asked: Asked, *, name: str, terminal: bool = False, term: str = "") -> Ran:
    """Run the job `name` now, as `run` does; `terminal`, `term`: the caller's."""
    from pushdeploy.deploy import fit
    from pushdeploy.deploy.release_phase import app_job
    from pushdeploy.model.job import JobKind
    from pushdeploy.schedules.find import find_job
    from pushdeploy.schedules.runs import run_noted

    machine, records = asked.machine, asked.records()
    attached = attach(asked, terminal=terminal, term=term)
    found = find_job(records, name)
    release = records.release(records.live() or 0)
    trouble = fit.misfit(machine, release)
    if trouble is not None:
        raise UnavailableError(trouble, hint=fit.hint(release.app))
    job = app_job(machine, release, JobKind.CRON, found.script)
    job = replace(job, name=found.name, seconds=RUN_SECONDS)
    return Ran(
        run_noted(
            machine,
            records,
            found.name,
            lambda: attached.run(asked, job).exit_code,
            asked.who,
        )
    )


@verb("cron.suspend", Changed, right=Right.CONFIGURE)
def suspend(asked: Asked, *, name: str) -> Changed:
    """Have the job `name` not run by the clock."""
    from pushdeploy.schedules import suspend as story

    asked.records()
    return Changed(*story.suspend(asked.machine, asked.app, name, who=asked.who))


@verb("cron.resume", Changed, right=Right.CONFIGURE)
def resume(asked: Asked, *, name: str) -> Changed:
    """Have the job `name` run by the clock again."""
    from pushdeploy.schedules import suspend as story

    asked.records()
    return Changed(*story.resume(asked.machine, asked.app, name, who=asked.who))
