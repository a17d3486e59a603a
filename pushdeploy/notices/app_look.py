"""Look at an app: its processes, its schedule, its certificate, its Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.end_of_life import end_of_life, ends_soon
from pushdeploy.model.notice import Topic, Trouble
from pushdeploy.model.python_version import PythonVersion
from pushdeploy.proxy.certificates import ends_of
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.schedules.runs import runs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.cron_run import CronRun
    from pushdeploy.model.notice_state import Memory

CALM_SECONDS = 3600.0
"""After so long without another one, hangs and kills are over."""

RENEWAL_SECONDS = 20 * 86400.0
"""certbot renews a certificate 30 days before its end; ten days later nobody has."""


def count(machine: Machine, memory: Memory) -> Memory:
    """The memory with what has been counted since: processes that had no memory left."""
    counters = {key: value for key, value in memory.counters.items() if not key.endswith("/oom")}
    seen = {key: at for key, at in memory.seen.items() if not key.endswith("/oom")}
    for app in app_names(machine.layout.apps):
        key, killed = f"{app}/oom", machine.vitals.out_of_memory(app)
        former = memory.counters.get(key)
        if key in memory.seen:
            seen[key] = memory.seen[key]
        if killed is not None:
            counters[key] = killed
            if former is not None and killed > former:
                seen[key] = machine.now()
        elif former is not None:  # nothing of it runs: the next one counts from 0
            counters[key] = 0
    return replace(memory, counters=counters, seen=seen)


def _crashes(machine: Machine, _: Memory, app: str) -> list[Trouble]:
    records = AppRecords(machine.layout.app(app))
    history, live = records.history(), records.live()
    since = history.changes[-1].at if history.changes else 0.0
    return [
        Trouble(
            key=f"crash/{one.instance}",
            topic=Topic.PROCESS,
            app=app,
            text=f"{one.instance} of v{live} is crash-looping",
            since=one.at,
            command=f"pushdeploy logs -p {one.instance} --app {app}",
            over=f"{one.instance} is no longer crash-looping",
        )
        for one in history.loops
        if one.release == live and one.at > since
    ]


def _hangs(machine: Machine, _: Memory, app: str) -> list[Trouble]:
    records = AppRecords(machine.layout.app(app))
    live = records.live()
    restarts = () if live is None else records.history().hang_restarts.get(live, ())
    if not restarts or machine.now() - restarts[-1] > CALM_SECONDS:
        return []
    return [
        Trouble(
            key="hang/web.1",
            topic=Topic.PROCESS,
            app=app,
            text=f"web.1 of v{live} hung and was restarted",
            since=restarts[-1],
            command=f"pushdeploy logs -p web.1 --app {app}",
            over="web.1 no longer hangs",
        )
    ]


def _kills(machine: Machine, memory: Memory, app: str) -> list[Trouble]:
    at = memory.seen.get(f"{app}/oom")
    if at is None or machine.now() - at > CALM_SECONDS:
        return []
    return [
        Trouble(
            key="oom/all",
            topic=Topic.PROCESS,
            app=app,
            text="a process ran out of memory and was killed",
            since=at,
            command=f"pushdeploy ps --app {app}",
            over="no process has run out of memory for an hour",
        )
    ]


def _schedule(machine: Machine, _: Memory, app: str) -> list[Trouble]:
    records = AppRecords(machine.layout.app(app))
    current = records.current()
    jobs = () if current is None else current.cron
    failing = ((one.name, _failing(runs_of(records, one.name))) for one in jobs)
    return [
        Trouble(
            key=f"schedule/{name}",
            topic=Topic.SCHEDULE,
            app=app,
            text=f"the job {name} {runs[-1].said(running=False)}",
            since=runs[0].ended or runs[0].began,
            command=f"pushdeploy logs -p cron.{name} --app {app}",
            over=f"the job {name} no longer fails",
        )
        for name, runs in failing
        if runs
    ]


def _failing(runs: list[CronRun]) -> list[CronRun]:
    """The last runs that failed one after the other; none if the last that has ended did not."""
    failed: list[CronRun] = []
    for one in reversed([one for one in runs if one.ended is not None]):
        if one.succeeded:
            break
        failed.insert(0, one)
    return failed


def _certificate(machine: Machine, _: Memory, app: str) -> list[Trouble]:
    ends = ends_of(machine, app)
    left = None if ends is None else ends - machine.now()
    if left is None or left > RENEWAL_SECONDS:
        return []
    days = int(left // 86400)
    text = f"its certificate expires in {days} days and was not renewed"
    return [
        Trouble(
            key="certificate/own",
            topic=Topic.CERTIFICATE,
            app=app,
            text=text if left > 0 else "its certificate has expired",
            since=machine.now(),
            command="pushdeploy certs",
            over="its certificate was renewed",
        )
    ]


def _python(machine: Machine, _: Memory, app: str) -> list[Trouble]:
    """Of one that was fetched: the system's own is kept up by the system."""
    current = AppRecords(machine.layout.app(app)).live_release()
    if current is None or not Path(current.interpreter).is_relative_to(machine.layout.pythons):
        return []
    major, minor, *_rest = (int(part) for part in current.python.split("."))
    version = PythonVersion(major, minor)
    if not ends_soon(version, machine.now()):
        return []
    return [
        Trouble(
            key=f"python/{version}",
            topic=Topic.SERVER,
            app=app,
            text=f"its Python {version} gets security fixes only until {end_of_life(version)}",
            since=machine.now(),
            command="pushdeploy python:list",
            over=f"it no longer runs on Python {version}",
        )
    ]


AREAS: dict[str, Callable[[Machine, Memory, str], list[Trouble]]] = {
    "crash": _crashes,
    "hang": _hangs,
    "oom": _kills,
    "schedule": _schedule,
    "certificate": _certificate,
    "python": _python,
}
"""What is looked at, by the first part of its troubles' keys."""
