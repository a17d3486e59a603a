"""The Pythons that apps can be built with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import CHANGE_SECONDS
from pushdeploy.engine.registry import App, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class Python:
    """One that is here, or that could be fetched."""

    version: str
    """`3.14.2`."""
    path: str
    """Its interpreter; empty when it is not here."""
    end_of_life: str | None
    """`2030-10`: until when it gets security fixes; `None` when that is not known."""
    ended: bool
    """It gets none any more."""
    own: bool
    """The one that apps get that ask for none."""
    apps: tuple[str, ...] = ()
    """Those whose live release runs on it."""


@dataclass(frozen=True, slots=True)
class Pythons:
    """All of them, the newest first."""

    pythons: tuple[Python, ...]
    fetched_by_pushes: bool


@dataclass(frozen=True, slots=True)
class Installed:
    """One that was fetched, or was here already."""

    version: str
    path: str


@dataclass(frozen=True, slots=True)
class Auto:
    """Whether pushes may fetch what their repos ask for."""

    on: bool


@verb("python", Pythons, right=Right.LOOK, app=App.NONE)
def listed(asked: Asked) -> Pythons:
    """Tell which Pythons are here, and which uv could fetch."""
    from pushdeploy.model.end_of_life import end_of_life, is_over
    from pushdeploy.records.server_settings import server_settings
    from pushdeploy.system import pythons, uv

    machine = asked.machine
    here = pythons.interpreters(machine.server_python, machine.layout.pythons)
    paths = {one.version: str(one.path) for one in here}
    minors = {(one.major, one.minor) for one in paths}
    for version in uv.fetchable(machine.uv):
        if (version.major, version.minor) not in minors:
            paths[version] = ""
    users = _users(machine)
    newest = sorted(paths, key=lambda one: (one.major, one.minor, one.patch or 0), reverse=True)
    return Pythons(
        tuple(
            Python(
                str(version),
                paths[version],
                end_of_life(version),
                is_over(version, machine.now()),
                version == here[0].version,
                tuple(users.get(paths[version], ())),
            )
            for version in newest
        ),
        server_settings(machine).fetch_pythons,
    )


def _users(machine: Machine) -> dict[str, list[str]]:
    """The interpreters of what is live, and the apps that run on each."""
    from pushdeploy.records.app_records import AppRecords, app_names, read_release_or_none

    found: dict[str, list[str]] = {}
    for app in app_names(machine.layout.apps):
        records = AppRecords(machine.layout.app(app))
        number = records.live()
        live = None if number is None else read_release_or_none(records, number)
        if live is not None and live.interpreter:
            found.setdefault(live.interpreter, []).append(app)
    return found


@verb("python.install", Installed, right=Right.SERVER, app=App.NONE, seconds=CHANGE_SECONDS)
def install(asked: Asked, *, version: str) -> Installed:
    """Have uv fetch the newest of the minor version of `version`."""
    from pushdeploy.build.fetch_python import fetch_python
    from pushdeploy.model.python_version import parse_python_version

    found = fetch_python(asked.machine, parse_python_version(version), asked.who)
    return Installed(str(found.version), str(found.path))


@verb("python.auto", Auto, right=Right.SERVER, app=App.NONE)
def auto(asked: Asked, *, on: bool) -> Auto:
    """Have pushes fetch what their repos ask for, or not: `on`."""
    from dataclasses import replace

    from pushdeploy.records.server_settings import change_server_settings

    after = change_server_settings(asked.machine, lambda now: replace(now, fetch_pythons=on))
    return Auto(after.fetch_pythons)
