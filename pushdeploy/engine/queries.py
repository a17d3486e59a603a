"""What the engine can be asked to tell: nothing changes, no lock is taken."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy import fit
from pushdeploy.deploy.archive import KEPT_ATTEMPTS
from pushdeploy.deploy.boot import warm_releases
from pushdeploy.deploy.health import DEADLINE_SECONDS
from pushdeploy.deploy.instances import web_workers
from pushdeploy.deploy.journal import Journal, journals, read_release_or_none, readable_settings
from pushdeploy.deploy.reachable import reachable
from pushdeploy.deploy.tidy import wanted_instances
from pushdeploy.engine.caller import caller
from pushdeploy.engine.verbs import Request, app_of
from pushdeploy.errors import NotFoundError
from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.instance import State
from pushdeploy.model.release import Kind, parse_release_name
from pushdeploy.model.watchdog import crash_loops
from pushdeploy.system import locks, pythons, sockets
from pushdeploy.system.records import read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.model.instance import Instance, Status
    from pushdeploy.model.settings import AppSettings

SHOWN_RELEASES = 15


def _journal(machine: Machine, session: Session, request: Request) -> Journal:
    caller(machine, session, request)
    journal = Journal(machine.layout.app(app_of(request)))
    journal.settings()
    return journal


def _apps(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    caller(machine, session, request)
    settings, _ = readable_settings(machine.layout)
    return [
        _app(Journal(machine.layout.app(app)), settings.get(app))
        for app in journals(machine.layout.apps)
    ]


def _app(journal: Journal, settings: AppSettings | None) -> dict[str, Any]:
    """What can't be read is left out, and `reconcile` says why: the list is of all apps."""
    live = journal.live()
    current = None if live is None else read_release_or_none(journal, live)
    return {
        "app": journal.place.name,
        "port": settings.port if settings else None,
        "branch": settings.branch if settings else "",
        "release": None if live is None else f"v{live}",
        "commit": current.commit.id if current else None,
    }


def _ps(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    journal = _journal(machine, session, request)
    app, settings, live = journal.place.name, journal.settings(), journal.live()
    statuses = {one.unit: one for one in machine.supervisor.statuses(app)}
    wanted = wanted_instances(machine, journal) if live is not None else []
    current = journal.current()
    last = max(journal.attempts(), key=lambda one: one.number, default=None)
    changing = locks.is_held(journal.place.lock)
    rows = [
        _row(machine, one, status, live, changing=changing)
        for one, status in [(one, statuses.pop(one.unit, None)) for one in wanted]
        if one.release == live or (status is not None and status.state is not State.DOWN)
    ]
    for one in statuses.values():
        comes = changing and one.release > (live or 0)
        rows.append(_coming(machine, one) if comes else _stray(machine, one))
    return {
        "app": app,
        "release": None if live is None else f"v{live}",
        "web_concurrency": web_workers(machine, settings, journal.environment()),
        "commands": {line.name: line.command for line in current.procfile.lines} if current else {},
        "instances": rows,
        "misfit": None if current is None else fit.misfit(machine, current),
        "revived": list(journal.history().revivals.get(live or 0, ())),
        "last_attempt": asdict(last) if last else None,
    }


def _pythons(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    """Of each app that is live, or of one: its venv's Python, and whether that still runs it."""
    caller(machine, session, request)
    own = pythons.running(machine.server_python)
    found = []
    for app in [app_of(request)] if request.get("app") else journals(machine.layout.apps):
        journal = Journal(machine.layout.app(app))
        journal.settings()
        current = journal.current()
        if current is not None:
            row: dict[str, Any] = {"app": app, "release": current.name, "python": current.python}
            misfit = fit.misfit(machine, current)
            row |= {"interpreter": current.interpreter, "fits": misfit is None, "misfit": misfit}
            found.append({**row, "server_python": str(own.version) if own else None})
    return found


def _row(
    machine: Machine, instance: Instance, status: Status | None, live: int | None, *, changing: bool
) -> dict[str, Any]:
    row = {
        "instance": instance.name,
        "release": f"v{instance.release}",
        "warm": instance.release != live,
        **_measured(machine, status),
    }
    if row["state"] == State.DOWN and changing:  # whoever changes the app starts it next
        row["state"] = State.STARTING
    if row["state"] == State.UP and (row["seconds"] or 0) < DEADLINE_SECONDS:
        silent = instance.port is not None and not sockets.listens(instance.port)
        if silent or row["workers"] == 0:
            row["state"] = State.STARTING
    return row


def _coming(machine: Machine, status: Status) -> dict[str, Any]:
    """An instance of the release that a deploy boots at this moment: it has no visitors yet."""
    row = {"instance": status.name, "release": f"v{status.release}", "warm": False}
    row |= _measured(machine, status)
    return {**row, "state": State.STARTING} if row["state"] in (State.UP, State.DOWN) else row


def _stray(machine: Machine, status: Status) -> dict[str, Any]:
    row = {"instance": status.name, "release": f"v{status.release}", "warm": False}
    return {**row, **_measured(machine, status), "stray": True}


def _measured(machine: Machine, status: Status | None) -> dict[str, Any]:
    pid = status.pid if status else None
    usage = machine.resources.usage(pid) if pid else None
    serves = status is not None and status.process_type == "web"
    return {
        "state": status.state if status else State.DOWN,
        "seconds": round(machine.now() - usage.started, 1) if usage else None,
        "cpu": round(usage.cpu, 1) if usage else None,
        "memory": usage.memory if usage else None,
        "workers": machine.resources.server_workers(pid) if pid and serves else None,
        "restarts": status.restarts if status else 0,
        "last_restart": _ago(machine, status.last_restart) if status else None,
        "crash_loop": status is not None and crash_loops(status, machine.now()),
    }


def _ago(machine: Machine, at: float | None) -> float | None:
    return None if at is None else round(max(0.0, machine.now() - at), 1)


def _releases(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    journal = _journal(machine, session, request)
    history, live = journal.history(), journal.live()
    count = int(request.get("count", SHOWN_RELEASES))
    attempts = journal.attempts() if count <= KEPT_ATTEMPTS else journal.all_attempts()
    there = reachable(journal, history)
    rows = [tried(journal, one, live, there) for one in attempts[-count:][::-1]]
    warm = [f"v{number}" for number in warm_releases(machine, journal.place.name, history)]
    return {
        "app": journal.place.name,
        "current": None if live is None else f"v{live}",
        "warm": warm,
        "previous": _release_name(history.previous(there)),
        "rollback": [f"v{number}" for number in there],
        "releases": rows,
    }


def _release_name(number: int | None) -> str | None:
    return None if number is None else f"v{number}"


CHANGES: Mapping[str, str] = {
    Kind.CONFIG: "change of config vars",
    Kind.RESTART: "restart",
    Kind.SCALE: "change of scale",
    Kind.STORAGE: "change of storage",
    Kind.REBUILD: "rebuild",
}
"""What is known of a release that is not kept, and was no deploy."""


def tried(journal: Journal, attempt: Attempt, live: int | None, there: list[int]) -> dict[str, Any]:
    """One row of the list of releases."""
    release = read_release_or_none(journal, attempt.release) if attempt.release else None
    kind = f"{attempt.kind} {attempt.commit[:8]}"
    description = release.description if release else CHANGES.get(attempt.kind, kind)
    if attempt.kind == "rollback":
        description = f"Rollback to v{attempt.release}" if attempt.release else "Rollback"
    return {
        "release": _release_name(attempt.release),
        "attempt": attempt.number,
        "description": description,
        "subject": release.commit.subject if release else "",
        "commit": attempt.commit,
        "who": attempt.who,
        "at": attempt.at,
        "outcome": _outcome(attempt),
        "live": attempt.release is not None and attempt.release == live,
        "rollback": attempt.release in there,
        "reason": attempt.reason,
        "seconds": attempt.seconds,
    }


def _outcome(attempt: Attempt) -> str:
    return "live" if attempt.outcome is Outcome.LIVE else str(attempt.outcome)


def _releases_info(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    journal = _journal(machine, session, request)
    live = journal.live()
    name = request.get("release")
    number = live if name is None else parse_release_name(str(name))
    if number is None:
        raise NotFoundError(f"`{journal.place.name}` has no release yet", hint="git push")
    release = journal.release(number)
    return {
        **asdict(release),
        "release": release.name,
        "live": number == live,
        "rollback": number in reachable(journal),
    }


def _releases_output(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    journal = _journal(machine, session, request)
    name, number = request.get("release"), request.get("attempt")
    if name is not None:
        release = parse_release_name(str(name))
        attempts = journal.all_attempts()
        number = next((one.number for one in attempts if one.release == release), None)
    elif number is None:
        number = max((one.number for one in journal.attempts()), default=None)
    if number is None:
        raise NotFoundError(
            f"`{journal.place.name}` has no attempt for {name or 'that'}",
            hint=f"pushdeploy releases --app {journal.place.name}",
        )
    records = list(read_lines(journal.place.attempt_log(int(number))))
    return {"attempt": int(number), "events": records}


def _config(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    return dict(_journal(machine, session, request).environment().values)


def _storage(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    journal = _journal(machine, session, request)
    folders = journal.settings().storage
    return {"shared": str(journal.place.shared), "storage": list(folders)}


ASKING: Mapping[str, Verb] = {
    "apps": _apps,
    "ps": _ps,
    "pythons": _pythons,
    "releases": _releases,
    "releases.info": _releases_info,
    "releases.output": _releases_output,
    "config": _config,
    "storage": _storage,
}
"""Verbs that only tell."""
