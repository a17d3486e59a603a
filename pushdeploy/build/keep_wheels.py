"""Keep wheels: after a build that ran packages' code, the wheels that it used are fetched again.

Into the cache that later builds trust; for what that build has unpacked itself, its code may have
changed. Runs when the push has been answered, and may fail: then the next build asks once more.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.app_layout import EXPORTERS
from pushdeploy.model.job import Job, JobKind
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import files, pythons, uv

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine

KEEP_SECONDS = 600.0
"""For as many wheels as a large app has, on a slow network."""

KEEPER = "import sys; from pushdeploy.build.keeper import main; sys.exit(main())"


def keep_wheels(machine: Machine, app: str) -> None:
    """Fetch what the last build had and the app's cache has not."""
    place = machine.layout.app(app)
    if not place.build_work.is_dir():
        return
    with suppress(PushdeployError):
        job = _job(machine, app)
        if job is not None:
            machine.supervisor.once(job, lambda _: None)


def _job(machine: Machine, app: str) -> Job | None:
    """The Python is one of the server's own: the venv's was in the reach of the packages' code."""
    place = machine.layout.app(app)
    current = AppRecords(place).current()
    found = [] if current is None else pythons.interpreters(machine.server_python)
    own = [one for one in found if current and str(one.version) == current.python]
    if not own:
        return None
    cache, scratch = place.verified_cache, place.build_cache / "scratch"
    return Job(
        app=app,
        kind=JobKind.KEEP,
        argv=(
            *(str(machine.python), "-I", "-c", KEEPER),
            *(str(place.build_work / "uv"), str(cache), str(scratch)),
            *(str(machine.uv), str(own[0].path)),
        ),
        user=machine.accounts.build_user(app),
        groups=(),
        folder=place.build_cache,
        home=place.build_cache,
        writable=(place.build_cache,),
        hidden=(place.releases, place.shared, place.home, place.pending_environment, place.venvs),
        environment=uv.settings(cache),
        seconds=KEEP_SECONDS,
    )


def clear_cache(machine: Machine, app: str) -> None:
    """Delete all that builds of the app have downloaded; with the lock held.

    The next venv takes nothing from the last one, either.
    """
    place = machine.layout.app(app)
    place.seed.unlink(missing_ok=True)
    for mark in list(place.venvs.glob(EXPORTERS)):
        files.delete_tree(mark.parent)
    for cache in (place.verified_cache, place.conda_cache):
        files.delete_tree(cache)
    files.delete_tree(place.build_work)
