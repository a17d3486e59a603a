"""Deploys and rollbacks in which a fault strikes, and what must come of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pushdeploy.system.failpoints import Point
from tests.host.mishaps import assert_nothing_hangs, live_version, reconcile
from tests.host.story import Site, assert_serving, eventually
from tests.host.strikes import LIGHT, NGINX, RESTARTS, Act, Fault, Place, command_of, strike
from tests.host.visitors import visitors
from tests.host.whole import Records, assert_whole

PROCFILE = (
    "web: gunicorn --threads 8 app:app\n"
    "worker: sleep 1000\n"
    "release: cat VERSION >>instance/releases.txt\n"
)
STORAGE = '{ "pushdeploy": { "storage": ["instance/"] } }\n'

# Only a kill of these is a fault of ours to see: what else has ended, or never was.
DEPLOY = [
    *(Point.ATTEMPTS_ENDED, Point.ATTEMPT_NOTED),
    *(Point.CHECKOUT_BEGUN, Point.CHECKOUT_WRITTEN, Point.CHECKOUT_RENAMED, Point.CHECKOUT_DONE),
    *(Point.BUILD_BEGUN, Point.BUILD_INSTALLED, Point.BUILD_COMPLETE, Point.BUILD_DONE),
    Point.BUILD_NOTED,
    *(Point.STEPS_BEGUN, Point.STEPS_RUN, Point.STEPS_SEALED, Point.STEPS_DONE),
    *(Point.RELEASE_NUMBERED, Point.STORAGE_MADE, Point.RELEASE_WRITTEN, Point.RELEASE_RENAMED),
    *(Point.RELEASE_PHASE_NOTED, Point.RELEASE_PHASE_DONE),
    *(Point.WEB_APPLIED, Point.WEB_STARTED, Point.WEB_HEALTHY),
    *(Point.SWITCH_INTENDED, Point.SWITCH_PREVIOUS, Point.SWITCH_RENAMED),
    *(Point.SETTINGS_SAVED, Point.FRONT_OPENED, Point.FRONT_CHECKED),
    *(Point.WORKERS_STOPPED, Point.WORKERS_APPLIED, Point.WORKERS_STARTED),
    Point.SCHEDULES_APPLIED,
    *(Point.SWITCH_CONFIRMED, Point.COLD_NOTED, Point.WARM_NOTED, Point.ATTEMPT_ENDED),
    *(Point.CLEANUP_SEALED, Point.CLEANUP_STOPPED),
    *(Point.PRUNE_RELEASE, Point.PRUNE_SLUGS, Point.PRUNE_VENVS),
    *(Point.PRUNE_UNFINISHED, Point.PRUNE_RUNS, Point.PRUNE_LOGS, Point.CLEANUP_WOKEN),
]

ROLLBACK = [
    *(Point.ATTEMPTS_ENDED, Point.ATTEMPT_NOTED),
    *(Point.WEB_APPLIED, Point.WEB_STARTED, Point.WEB_HEALTHY),
    *(Point.SWITCH_INTENDED, Point.SWITCH_PREVIOUS, Point.SWITCH_RENAMED),
    *(Point.SETTINGS_SAVED, Point.FRONT_OPENED, Point.FRONT_CHECKED),
    *(Point.WORKERS_STOPPED, Point.WORKERS_APPLIED, Point.WORKERS_STARTED),
    Point.SCHEDULES_APPLIED,
    *(Point.SWITCH_CONFIRMED, Point.COLD_NOTED, Point.WARM_NOTED, Point.ATTEMPT_ENDED),
    *(Point.CLEANUP_STOPPED, Point.PRUNE_LOGS, Point.CLEANUP_WOKEN),
]

# Of a deploy whose worker did not stay up.
UNCONFIRMED = [
    *(Point.SWITCH_UNDONE, Point.SWITCH_DROPPED, Point.SETTINGS_RESTORED, Point.ATTEMPT_FAILED),
]

ANSWERED = (
    *(Point.CLEANUP_SEALED, Point.CLEANUP_STOPPED),
    *(Point.PRUNE_RELEASE, Point.PRUNE_SLUGS, Point.PRUNE_VENVS),
    *(Point.PRUNE_UNFINISHED, Point.PRUNE_RUNS, Point.PRUNE_LOGS, Point.CLEANUP_WOKEN),
)
CHILDREN = (
    *(Point.CHECKOUT_BEGUN, Point.CHECKOUT_WRITTEN, Point.CHECKOUT_RENAMED),
    *(Point.BUILD_INSTALLED, Point.BUILD_COMPLETE),
)
KEPT = 5

FILES = 4
CLIENTS = 1
"""The turn of `test_points_clients.py` among the files that share the points of a deploy."""

LEFT = [point for point in DEPLOY[CLIENTS::FILES] if point in ANSWERED]
"""Nobody watches there any more, so that killing who does is no fault."""


def deploy_first(site: Site) -> None:
    """Version 0 of an app with a worker, a release phase and storage."""
    site.deploy(
        "tiny",
        {
            "VERSION": "0\n",
            "Procfile": PROCFILE,
            "app.json": STORAGE,
            "bin/post_compile": "cp VERSION built\n",
        },
    )
    site.cli("ps:scale web=1")


def commit_next(site: Site, *, venv: bool = False) -> int:
    """Commit another version, on request one that needs another venv."""
    number = int(site.app.folder.joinpath("VERSION").read_text()) + 1
    files = {"VERSION": f"{number}\n"}
    if venv:
        files["requirements.txt"] = f"gunicorn==27.0.1\n# {number}\n"
    site.change(files)
    return number


def deploy_next(site: Site) -> int:
    """Push another version, which must succeed (I4)."""
    number = commit_next(site)
    push = site.push()
    assert push.exit_status == 0, push.output
    assert_serving(site, version=number)
    return number


def reason_in_a_deploy(point: Point, fault: Fault) -> str | None:
    """Why a fault can't strike there, or `None`."""
    if fault is Fault.CHILD and point not in CHILDREN:
        return "the engine itself does this step"
    if fault in (Fault.HOOK, Fault.CLIENT) and point in ANSWERED:
        return "the push has been answered by then"
    return None


def examine_deploy(where: Place, point: Point, fault: Fault) -> None:
    """A push in which the fault strikes."""
    site = where.site
    ready(site, point)
    before = live_version(site)
    version = commit_next(site, venv=point.startswith(("build.", "prune.")))
    examine(where, point, fault, partial(site.laptop.start_push, site.app), {before, version})


def examine_rollback(where: Place, point: Point, fault: Fault) -> None:
    """A rollback to a cold release in which the fault strikes."""
    site = where.site
    ready(site, point)
    while coldest(site) is None:
        deploy_next(site)
    assert_nothing_hangs(site)
    before = live_version(site)
    target = coldest(site)
    version = int(site.host.read(f"{site.root}/releases/v{target}/code/VERSION"))
    act = command_of(site, f"rollback --app {site.name} v{target}")
    examine(where, point, fault, act, {before, version})


def examine_unsettled(where: Place, point: Point, fault: Fault) -> None:
    """A push whose worker falls, in which the fault strikes as the switch is taken back."""
    site = where.site
    before = live_version(site)
    site.change({"Procfile": PROCFILE.replace("sleep 1000", "false")})
    version = commit_next(site)
    act = partial(site.laptop.start_push, site.app)

    def fix() -> None:
        site.change({"Procfile": PROCFILE})

    try:
        examine(where, point, fault, act, {before, version}, fix=fix)
    except BaseException:
        fix()
        raise


def examine(
    where: Place,
    point: Point,
    fault: Fault,
    act: Act,
    versions: set[int],
    fix: Callable[[], None] = lambda: None,
) -> None:
    """Have the fault strike; reconcile; look; and push once more."""
    site = where.site
    phases = Records.of(site)
    assert_nothing_hangs(site)
    with undisturbed(where, fault, versions):
        strike(where, point, fault, act)
        assert_nothing_hangs(site)
        sys.stderr.write(reconcile(site).stdout)  # pytest -rP shows it
        assert live_version(site) in versions
        assert_whole(site)
        after = Records.of(site)
        assert len(after.runs) - len(phases.runs) <= after.release_phases - phases.release_phases
    fix()
    again(site)


def again(site: Site) -> None:
    """I4: the push goes through now; one that has gone through, with another version."""
    version = int(site.app.folder.joinpath("VERSION").read_text())
    if live_version(site) != version:
        push = site.push()
        if push.exit_status == 0 and live_version(site) == version:
            return
        assert "and then rolled back" in push.output, push.output
    deploy_next(site)


@contextmanager
def undisturbed(where: Place, fault: Fault, versions: set[int]) -> Iterator[None]:
    """I2: visitors of front and nginx get one of the versions, whole.

    A host that is down turns them away; so they come when a restart is over.
    """
    if fault in RESTARTS:
        yield
        eventually(lambda: where.site.get("/").status, 200)
        return
    with (
        visitors(where.host, where.site.url, *LIGHT) as front,
        visitors(where.host, NGINX, *LIGHT) as nginx,
    ):
        yield
    for visit in (front, nginx):
        assert visit.errors == [], visit.figures
        assert visit.requests
        seen = {int(name.split()[0].removeprefix("v=")) for name in visit.report["versions"]}
        assert seen <= versions


def ready(site: Site, point: Point) -> None:
    """Deploy until a deploy comes to the point: it stops a warm one, and prunes the sixth."""
    if point is Point.PRUNE_RELEASE:
        while len(Records.of(site).history.once_live()) <= KEPT:
            deploy_next(site)
    if point in (Point.CLEANUP_STOPPED, Point.COLD_NOTED):  # a former boot has ended what was warm
        deploy_next(site)


def coldest(site: Site) -> int | None:
    """The oldest release that can be gone back to and does not run."""
    history = Records.of(site).history
    present = [int(name.removeprefix("v")) for name in site.releases_on_disk()]
    cold = [number for number in history.once_live() if number in present]
    return next((one for one in cold if one not in history.warm and one != history.live), None)
