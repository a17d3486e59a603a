"""`cron`, `cron:runs`, `cron:run`, `cron:suspend`, `cron:resume`: what runs by the clock."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_lines, show_table
from pushdeploy.cli.run import at_terminal, connected, with_terminal
from pushdeploy.cli.times import ago, iso
from pushdeploy.engine.verbs import cron as verbs
from pushdeploy.model.cron_job import zone_of
from pushdeploy.model.size import format_duration
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.cli.target import Local

COLUMNS = ("Began", "Took", "Ended")
SHOWN = 15
DETAIL = "   "


@command("cron", example="pushdeploy cron --app blog")
@json_option
def cron(target: Local, *, app: str, as_json: bool) -> None:
    """List the scheduled jobs, with their next times and last run.

    They are the `cron` of the live release's app.json.
    """
    answer = target.ask(verbs.cron(app))
    if as_json:
        show_json([_job(one) for one in answer.jobs])
        return
    for number, job in enumerate(answer.jobs, start=1):
        show_lines(_lines(number, job, target.now()))
    if answer.refusal:
        say(f"No job runs by itself: {answer.refusal}.")
    if not answer.jobs:
        say(f"{app} has no jobs. List them under `cron` in its app.json: docs/how-to/schedules.md")


def _lines(number: int, job: verbs.Job, now: float) -> Iterator[str]:
    yield f"{number}  {job.name}: {escaped(job.command)}"
    yield DETAIL + f"{job.words} ({job.schedule}, {job.timezone})"
    if job.suspended:
        yield DETAIL + f"Suspended by {job.suspended}"
    elif job.next:
        yield DETAIL + "Next: " + ", ".join(_at(one, job.timezone) for one in job.next)
    if job.last is None:
        yield DETAIL + "Has not run yet"
    else:
        at = f"{_at(job.last.began, job.timezone)} ({ago(job.last.began, now)})"
        yield DETAIL + f"Last: {at}, {job.last.said}"


def _at(seconds: float, timezone: str) -> str:
    """On the clock that the job goes by."""
    return datetime.fromtimestamp(seconds, zone_of(timezone)).strftime("%Y-%m-%d %H:%M")


def _job(job: verbs.Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "command": job.command,
        "schedule": job.schedule,
        "timezone": job.timezone,
        "words": job.words,
        "next": [iso(one) for one in job.next],
        "suspended": bool(job.suspended),
        "running": job.running,
        "last": None if job.last is None else _run(job.last),
    }


def _run(run: verbs.Run) -> dict[str, Any]:
    return {
        "began": iso(run.began),
        "ended": None if run.ended is None else iso(run.ended),
        "ok": run.ok,
        "result": run.said,
    }


@command("cron:runs", example="pushdeploy cron:runs clearsessions --app blog")
@click.argument("job")
@click.option(
    "-n", "--num", "count", type=click.IntRange(1), default=SHOWN, show_default=True, help="Rows."
)
@json_option
def cron_runs(target: Local, *, app: str, job: str, count: int, as_json: bool) -> None:
    """List the last runs of JOB, newest first, and how each ended.

    JOB is a name or number of `pushdeploy cron`.
    """
    answer = target.ask(verbs.runs(app, name=job, count=count))
    if as_json:
        show_json([_run(one) for one in answer.runs])
        return
    rows = [(_at(one.began, answer.timezone), _took(one), one.said) for one in answer.runs]
    if not rows:
        say(f"{answer.name} has not run yet. Run it: pushdeploy cron:run {answer.name} --app {app}")
        return
    show_table(COLUMNS, rows)
    say(f"Their output: pushdeploy logs -p cron.{answer.name} --app {app}")


def _took(run: verbs.Run) -> str:
    return "" if run.ended is None else format_duration(run.ended - run.began)


@command("cron:run", example="pushdeploy cron:run clearsessions --app blog", prepare=with_terminal)
@click.argument("job")
def cron_run(target: Local, *, app: str, job: str) -> int:
    """Run JOB now and show its output.

    JOB is a name or number of `pushdeploy cron`. Its exit status is passed through, or 128 + N
    when signal N ended it. A job that is running is not started a second time. Its heartbeat
    URL is not called.
    """
    term = os.environ.get("TERM", "")
    return connected(target, verbs.run(app, name=job, terminal=at_terminal(), term=term)).exit_code


@command("cron:suspend", example="pushdeploy cron:suspend clearsessions --app blog")
@click.argument("job")
def cron_suspend(target: Local, *, app: str, job: str) -> None:
    """Stop running JOB on its schedule until it is resumed.

    It stays suspended through deploys, rollbacks and reboots. A run that has begun goes on.
    """
    answer = target.ask(verbs.suspend(app, name=job))
    say(f"Suspending {answer.name}... done" if answer.changed else f"{answer.name} is suspended")


@command("cron:resume", example="pushdeploy cron:resume clearsessions --app blog")
@click.argument("job")
def cron_resume(target: Local, *, app: str, job: str) -> None:
    """Run JOB on its schedule again.

    Runs that were missed are not made up for.
    """
    answer = target.ask(verbs.resume(app, name=job))
    say(f"Resuming {answer.name}... done" if answer.changed else f"{answer.name} is not suspended")
