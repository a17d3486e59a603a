"""What makes reconcile do all that it can, and a fault that strikes it there."""

import subprocess

from pushdeploy.system.failpoints import Action, Point
from tests.host.host import Host
from tests.host.mishaps import (
    assert_nothing_hangs,
    kill_client,
    kill_engines,
    live_version,
    reconcile,
)
from tests.host.story import APPS, Site
from tests.host.strikes import Act, Fault, Place, armed, held_at, strike
from tests.host.struck import again, commit_next, deploy_next, ready, undisturbed
from tests.host.whole import UNITS, Records, assert_whole

# What the reconcile that follows a killed engine comes to.
AFTER_A_KILL = [
    *(Point.INTENT_RESOLVED, Point.ATTEMPTS_ENDED, Point.JOBS_STOPPED),
    *(Point.MISSING_FRONT, Point.MISSING_STOPPED, Point.MISSING_APPLIED, Point.MISSING_STARTED),
    *(Point.WARM_ENDED, Point.CLEANUP_STOPPED, Point.PRUNE_RELEASE, Point.PRUNE_SLUGS),
    *(Point.PRUNE_VENVS, Point.PRUNE_UNFINISHED, Point.PRUNE_RUNS, Point.PRUNE_LOGS),
    *(Point.CLEANUP_WOKEN, Point.APPS_SWEPT),
]
AT_BOOT = [Point.BOOT_APPLIED, Point.BOOT_STARTED, Point.BOOT_FRONT]
OF_A_HUNG_APP = [Point.REPAIR_STOPPED, Point.REPAIR_APPLIED, Point.REPAIR_STARTED]

SWEPT = f"{APPS}/.old-gone"


def examine_after_a_kill(where: Place, point: Point, fault: Fault) -> None:
    """A deploy is killed after its switch; then the fault strikes the reconcile that follows."""
    site = where.site
    ready(site, point)
    while not Records.of(site).history.warm:  # there is one to end, as a rule that of `again`
        deploy_next(site)
    assert_nothing_hangs(site)
    versions = {live_version(site), commit_next(site)}
    with undisturbed(where, fault, versions):
        with armed(site.host, Point.SETTINGS_SAVED, Action.STOP):
            push = site.laptop.start_push(site.app)
            held_at(site.host, Point.SETTINGS_SAVED, push)
        litter(site)
        kill_client(push)

        def kill() -> subprocess.Popen[str]:
            kill_engines(site.host, whole_cgroup=True)
            return push

        strike_next(where, point, fault, kill)
        assert_mended(where, versions)
    again(site)


def examine_at_boot(where: Place, point: Point, fault: Fault) -> None:
    """Nothing of the app runs, and the fault strikes as all is started."""
    site = where.site
    version = live_version(site)
    down(site)
    strike_next(where, point, fault, lambda: site.host.start("pushdeploy", "reconcile", "--boot"))
    site.host.run("pushdeploy", "reconcile", "--boot")
    assert_mended(where, {version})
    again(site)


def examine_a_repair(where: Place, point: Point, fault: Fault) -> None:
    """The live app answers nobody, and the fault strikes as it is restarted."""
    site = where.site
    version = live_version(site)
    site.host.run("rm", f"/run/pushdeploy/{site.name}/{site.current}/web.sock")
    strike_next(where, point, fault, lambda: site.host.start("pushdeploy", "reconcile"))
    assert_mended(where, {version})
    again(site)


def strike_next(where: Place, point: Point, fault: Fault, act: Act) -> None:
    """Do something, and have the fault strike whoever comes to the point because of it."""
    strike(where, point, fault, act)
    if fault is Fault.ERROR:
        settled(where.host)


def settled(host: Host) -> None:
    """Wait until no reconcile that a failed engine has started is under way."""
    host.run("systemctl", "start", "pushdeploy.reconcile.service", check=False)


def assert_mended(where: Place, versions: set[int]) -> None:
    """A reconcile that nothing strikes makes all whole."""
    site = where.site
    assert_nothing_hangs(site)
    where.host.run("pushdeploy", "reconcile")
    reconcile(site)
    assert live_version(site) in versions
    assert not site.host.exists(SWEPT)
    assert_whole(site)


def litter(site: Site) -> None:
    """Leave what nothing names, as killed engines of all kinds would; the warm time is over."""
    host, root = site.host, site.root
    for folder in ("slugs/.new-aa", "slugs/bb", "venvs/cc", "releases/.new-900"):
        host.write(f"{root}/{folder}/file", "left over\n")
    host.write(f"/run/pushdeploy/{site.name}/v900/file", "left over\n")
    host.write(f"{SWEPT}/file", "left over\n")
    for number in Records.of(site).history.warm:
        line = f'{{"warm":{number},"until":1}}'
        host.run("sh", "-c", f"echo '{line}' >>{root}/history.jsonl")
    unit = f"{site.unit}{site.current}.web.service"
    text = host.read(f"{UNITS}/{unit}")
    stray = f"{site.unit}v900.worker.1.service"
    host.write(f"{UNITS}/{stray}", text)
    host.run("systemctl", "start", stray)


def down(site: Site) -> None:
    """As after a power cut: no unit of the app runs."""
    host = site.host
    host.run(
        "systemctl",
        "stop",
        f"{site.unit}*.socket",
        f"{site.unit}*.service",
        f"{site.unit}wake.timer",
    )
    host.run("sh", "-c", f"rm -f {UNITS}/{site.unit}*")
    host.run("systemctl", "daemon-reload")
