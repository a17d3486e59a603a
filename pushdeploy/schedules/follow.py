"""Follow: what runs by the clock is what the live release says, but for what is suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Event, Report, ScheduleChanged, Warned
from pushdeploy.model.app_layout import ReleaseLayout
from pushdeploy.model.cron_job import Concurrency, CronJob, TimedJob
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.schedules.runs import forget_old_runs
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings


def _nobody(_: Event) -> None:
    """Nobody is told."""


def follow(
    machine: Machine,
    records: AppRecords,
    release: Release | None,
    settings: AppSettings,
    report: Report = _nobody,
) -> bool:
    """Have the jobs of a release run by the clock, and none else; True when that changed.

    Their units name no release: from the switch on they run what `current` leads to.
    """
    jobs = () if release is None else release.cron
    timed = [timed_job(machine, records, job) for job in jobs if runs(job, settings)]
    changed = machine.schedules.apply(records.place.name, timed)
    reached(Point.SCHEDULES_APPLIED)
    if jobs and machine.schedules.refusal:
        hint = f"pushdeploy cron:run {jobs[0].name} --app {records.place.name}"
        report(Warned(f"app.json has `cron`: {machine.schedules.refusal}", hint=hint))
    elif changed:
        report(ScheduleChanged(tuple(one.name for one in timed)))
    _warn_of_silence(records, jobs, settings, report)
    return changed


def _warn_of_silence(
    records: AppRecords, jobs: tuple[CronJob, ...], settings: AppSettings, report: Report
) -> None:
    """A heartbeat without a URL is never sent, and nobody would be told that a job does not run."""
    named = [(job, job.heartbeat.strip("${}")) for job in jobs if job.heartbeat.startswith("$")]
    if not named or report is _nobody:
        return
    values = records.environment().values
    for job, variable in named:
        if runs(job, settings) and not values.get(variable):
            report(
                Warned(
                    f"the heartbeat of {job.name} needs the config var `{variable}`, which is not "
                    "set",
                    hint=f"pushdeploy config:set {variable}=URL --app {records.place.name}",
                )
            )


def follow_live(machine: Machine, records: AppRecords) -> list[str]:
    """The same for whatever is live; what was done, in words.

    While the live release has lost its link, or its record can't be read, all stays as it is.
    """
    live = records.live()
    release = None if live is None else read_release_or_none(records, live)
    if release is None and (live is not None or records.history().live is not None):
        return []
    changed = follow(machine, records, release, records.settings())
    forget_old_runs(machine, records)
    return ["changed its schedule to the live release's"] if changed else []


def runs(job: CronJob, settings: AppSettings) -> bool:
    """Whether it runs by the clock, or is suspended."""
    return not job.maintenance and job.name not in settings.suspended


def timed_job(machine: Machine, records: AppRecords, job: CronJob) -> TimedJob:
    """A job as the machine must know it."""
    place, live = records.place, ReleaseLayout(records.place.current)
    return TimedJob(
        app=place.name,
        name=job.name,
        calendar=job.calendar,
        catch_up=job.catch_up,
        replaces=job.concurrency == Concurrency.REPLACE,
        script=live.start(job.script),
        heartbeat=live.start(job.heartbeat_script) if job.heartbeat else None,
        home=place.home,
        shared=place.shared,
        user=machine.accounts.app_user(place.name),
        runs=place.cron / job.name,
        lock=place.cron_lock(job.name),
    )
