"""Which instances a release has: its Procfile times the app's formation."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_held, noted_port
from pushdeploy.errors import NotFoundError, UnavailableError
from pushdeploy.model.app_layout import BRIDGE_PORTS
from pushdeploy.model.database import units_of
from pushdeploy.model.instance import Instance
from pushdeploy.model.ports import BRIDGED
from pushdeploy.model.release import Binding, Release
from pushdeploy.model.repo_settings import scaled
from pushdeploy.model.scaling import refuse_without_effect
from pushdeploy.model.web_server import runs_script
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.machine.tools import Resources
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.formation import Change, Formation
    from pushdeploy.model.instance import Status
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.records.app_records import AppRecords

WEB_CONCURRENCY = "WEB_CONCURRENCY"
LOOPBACK = "127.0.0.1"

BEAT_SCHEDULE = "CELERY_BEAT_SCHEDULE"
"""`--schedule` of `celery beat`, whose options have such variables (click, auto_envvar_prefix)."""

MEMORY_PER_WORKER = 512 << 20
"""Bytes of RAM per gunicorn worker: a deploy holds two releases."""


def web_concurrency(resources: Resources) -> int:
    """How many workers a web process gets by itself."""
    by_cores = 2 * resources.cores() + 1
    return max(1, min(by_cores, resources.total_memory() // MEMORY_PER_WORKER))


def workers_by_config_var(environment: Environment) -> int | None:
    """The number that the app's owner set, which comes before ours."""
    own = environment.values.get(WEB_CONCURRENCY, "")
    return int(own) if own.isascii() and own.isdigit() else None


def web_workers(
    machine: Machine, release: Release | None, settings: AppSettings, environment: Environment
) -> int:
    """What web is told: by a config var, by `ps:scale`, or by us."""
    formation = formation_of(release, settings)
    asked = workers_by_config_var(environment) or formation.web_workers
    return asked or _automatic(machine, release)


def _automatic(machine: Machine, release: Release | None) -> int:
    """What web gets by itself: a script of Python's own has one worker.

    `uvicorn.run(app)` in it refuses to start with more: only `uvicorn.run("main:app")` has some.
    """
    line = release.procfile.get("web") if release else None
    return 1 if line and runs_script(line.command) else web_concurrency(machine.resources)


def formation_of(release: Release | None, settings: AppSettings) -> Formation:
    """How many of each process type a release runs: as people chose, else as its repo says."""
    return scaled(settings.formation, release.settings.scale) if release else settings.formation


def stale_workers(statuses: Iterable[Status], wanted: Iterable[Instance]) -> list[Status]:
    """Workers that there are and that are not wanted: of another release, or too many."""
    units = {one.unit for one in wanted}
    return [one for one in statuses if one.process_type != "web" and one.unit not in units]


def web(machine: Machine, release: Release, settings: AppSettings) -> Instance:
    """The one web instance of a release."""
    place = machine.layout.app(release.app)
    bridged = release.binding is Binding.PORT
    port = _bridge_port(machine, place, release) if bridged else None
    count = formation_of(release, settings).web_workers or _automatic(machine, release)
    environment = (
        ("PORT", str(port or settings.port)),
        (WEB_CONCURRENCY, str(count)),
        *_named("web.1"),
        *(_listening(port) if port else ()),
    )
    return _instance(machine, release, settings, "web", 1, environment, port=port)


def workers(machine: Machine, release: Release, settings: AppSettings) -> list[Instance]:
    """All instances of a release but web."""
    formation = formation_of(release, settings)
    return [
        _instance(
            machine,
            release,
            settings,
            line.name,
            index,
            (
                ("PORT", str(settings.port)),
                *_named(f"{line.name}.{index}"),
                *_schedule(machine, release, line.command),
            ),
        )
        for line in release.procfile.workers
        for index in range(1, formation.instances(line.name) + 1)
    ]


def _listening(port: int) -> tuple[tuple[str, str], ...]:
    """What servers obey that do not look at `$PORT`; the app's own values come first."""
    return (
        ("FLASK_RUN_HOST", LOOPBACK),
        ("FLASK_RUN_PORT", str(port)),
        ("STREAMLIT_SERVER_ADDRESS", LOOPBACK),
        ("STREAMLIT_SERVER_HEADLESS", "true"),
        ("STREAMLIT_SERVER_PORT", str(port)),
    )


def _named(name: str) -> tuple[tuple[str, str], ...]:
    """The name of an instance, in our word and in Heroku's."""
    return (("PUSHDEPLOY_INSTANCE", name), ("DYNO", name))


def _schedule(machine: Machine, release: Release, command: str) -> tuple[tuple[str, str], ...]:
    """Where celery's beat keeps its schedule: by itself in the code, which it can't write."""
    if not re.search(r"\bcelery\b.*\sbeat\b", command):
        return ()
    return ((BEAT_SCHEDULE, str(machine.layout.app(release.app).home / "celerybeat-schedule")),)


def _instance(
    machine: Machine,
    release: Release,
    settings: AppSettings,
    process_type: str,
    index: int,
    environment: tuple[tuple[str, str], ...],
    *,
    port: int | None = None,
) -> Instance:
    place = machine.layout.app(release.app)
    return Instance(
        app=release.app,
        release=release.number,
        process_type=process_type,
        index=index,
        script=place.release(release.number).start(process_type),
        code=place.slugs / release.slug,
        home=place.home,
        shared=place.shared,
        user=machine.accounts.app_user(release.app),
        environment=environment,
        socket=place.web_socket(release.number) if process_type == "web" else None,
        port=port,
        after=units_of(release.app, settings.databases),
    )


def _bridge_port(machine: Machine, place: AppLayout, release: Release) -> int:
    """The port that this release has since its sockets' folder was made, else a free one.

    Any of them, so that nobody can wait at the next one; and another when somebody else has taken
    it meanwhile.
    """
    note = place.bridge_port(release.number)
    known = _still_own(machine, release, note)
    if known is not None:
        return known
    place.run.mkdir(parents=True, exist_ok=True)
    with held(machine.layout.ports_lock, who="pushdeploy", what="choosing a port"):
        known = _still_own(machine, release, note)  # somebody may have chosen it while we waited
        if known is not None:
            return known
        taken = {noted_port(other) for other in machine.layout.run.glob(BRIDGE_PORTS)}
        left = [port for port in BRIDGED if port not in taken]
        port = machine.ports.free(random.sample(left, len(left)))
        if port is None:
            raise UnavailableError(
                f"no port between {BRIDGED[0]} and {BRIDGED[-1]} is free", hint="ss -tuanp"
            )
        fence_held(machine, release.app, port)  # before anybody can listen there
        note.write_text(str(port))
    return port


def squatted_port(machine: Machine, release: Release) -> int | None:
    """The port that this release was given, when another user listens there."""
    note = machine.layout.app(release.app).bridge_port(release.number)
    return noted_port(note) if _still_own(machine, release, note) is None else None


def _still_own(machine: Machine, release: Release, note: Path) -> int | None:
    """The port of a note, unless another user listens there."""
    port = noted_port(note)
    found = None if port is None else machine.ports.listener(port)
    owner = machine.accounts.user_id(release.app)
    return None if found is not None and owner not in (None, found.uid) else port


def refuse_scale(records: AppRecords, changes: tuple[Change, ...]) -> None:
    """See that the live Procfile has what is to be scaled, and that it can be.

    Raises:
        NotFoundError: it has no such process type.
        UsageError: something else decides how many workers web has.
    """
    current = records.current()
    if current is None:
        return
    types = [line.name for line in current.procfile.lines if line.name != "release"]
    for change in changes:
        if change.name not in types:
            raise NotFoundError(
                f"the Procfile of `{current.app}` has no `{change.name}`; "
                f"it has: {', '.join(types)}",
                hint=f"pushdeploy ps --app {current.app}",
            )
    line = next((one.command for one in current.procfile.lines if one.name == "web"), "")
    refuse_without_effect(line, changes, workers_by_config_var(records.environment()))
