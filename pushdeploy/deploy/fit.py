"""Fit: whether a release can be started: all of it is there, and its venv has its Python still.

The one place that says so. Whoever starts, restarts, rolls back, boots or reconciles asks here
before anything stops or starts: what runs goes on without its interpreter's file, and can't come
back.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.deploy.release import RUN, lost_of
from pushdeploy.system import pythons

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release
    from pushdeploy.records.app_records import AppRecords

SYSTEM_PYTHON = re.compile(r"/usr/(?:local/)?bin/python3(?:\.\d+t?)?")
"""What the link of a venv may name, that we start it to ask: a build could have written any."""


def misfit(machine: Machine, release: Release) -> str | None:
    """Why a release can't be started any more, in words; `None` when it is whole and its venv fits.

    Cheap: some names are looked up, and an interpreter is started once for all releases that have
    it.
    """
    place = machine.layout.app(release.app)
    scripts = (f".{RUN}", *(line.name for line in release.procfile.lines))
    if lost := lost_of(place, release.number, scripts):
        return f"v{release.number} has lost {lost}"
    venv = place.venvs / release.venv
    path = _interpreter(machine, release, venv)
    return None if path is None else _python_misfit(release, venv, path)


def _python_misfit(release: Release, venv: Path, path: Path) -> str | None:
    if path.is_relative_to(venv):
        own = pythons.of_environment(venv)
        return None if own else f"v{release.number} has lost the Python of its environment"
    wanted = ".".join(release.python.split(".")[:2])
    built = f"v{release.number} was built for Python {wanted}"
    running = pythons.running(path)
    if running is None:
        what = "does not run" if path.exists() else "is gone"
        return f"{built}: `{path}` {what}"
    if f"{running.version.major}.{running.version.minor}" != wanted:
        return f"{built}: `{path}` is Python {running.version} now"
    if not (venv / "lib" / running.library).is_dir():
        return f"{built}: its venv has no `lib/{running.library}`"
    if not (venv / "bin" / "python").exists():
        return f"{built}: its venv has no `bin/python`"
    return None


def live_misfit(machine: Machine, records: AppRecords) -> str | None:
    """The same of the live release, whose link or record may be gone as well."""
    number = records.live()
    if number is None:
        lost = records.history().live
        return None if lost is None else f"the link `current` to v{lost} is gone"
    release = records.live_release()
    if release is None:
        return f"v{number} has lost its record"
    return misfit(machine, release)


def _interpreter(machine: Machine, release: Release, venv: Path) -> Path | None:
    """The interpreter of the record; for a record of a former version, that of the venv's link."""
    if release.interpreter:
        return Path(release.interpreter)
    link = pythons.of_venv(venv)
    if link is None or not (SYSTEM_PYTHON.fullmatch(str(link)) or link == machine.server_python):
        return None
    return link


def hint(app: str) -> str:
    """The command that helps."""
    return f"pushdeploy rebuild --app {app}"
