"""Destroying an app: nothing is left, also when that is killed, and its name can be used again."""

import json

from pushdeploy.system.failpoints import Action, Point
from tests.host import processes
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import kill_engines, outcomes
from tests.host.story import (
    APPS,
    Site,
    assert_cli_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)
from tests.host.strikes import armed
from tests.tiers import slow

AFTER_BOOT_SECONDS = 180.0
"""The timer's first `reconcile` comes a minute after a boot."""

# A worker that TERM does not end, so that destroying its app takes until the end of its grace.
STUBBORN = {
    "Procfile": "web: gunicorn app:app\nworker: sh stubborn.sh\n",
    "stubborn.sh": "trap '' TERM\nwhile :; do sleep 1; done\n",
}


def test_destroying_an_app_leaves_nothing_of_it(site: Site) -> None:
    site.deploy("worker-jobs")
    site.cli("restart")
    port = site.settings["port"]
    one_off = site.host.start("pushdeploy", "run", "--app", site.name, "sleep", "600")
    eventually(lambda: "run" in "".join(site.units()), wanted=True)

    answer = site.cli(f"apps:destroy --confirm {site.name}")

    processes.end(one_off)
    assert answer.stderr.endswith(f"Destroying {site.name}... done\n")
    assert traces(site) == ""
    assert f":{port} " not in site.host.run("ss", "-Hltn").stdout
    assert site.name not in [
        one["app"] for one in json.loads(site.laptop.ssh("apps --json").stdout)
    ]


def test_an_app_is_destroyed_only_when_its_name_is_given_again(site: Site) -> None:
    site.deploy("tiny")
    before = snapshot(site)

    bare = site.cli("apps:destroy", check=False)
    other = site.cli("apps:destroy --confirm blog", check=False)

    assert_cli_refused(bare, 2, f"--confirm {site.name}")
    assert_cli_refused(other, 2, "nothing was destroyed")
    assert_unchanged(site, before)


def test_an_app_that_was_destroyed_can_be_made_again(site: Site) -> None:
    site.deploy("tiny")
    site.cli(f"apps:destroy --confirm {site.name}")

    push = site.push()

    assert push.exit_status == 0, push.output
    assert_serving(site, version=1, release="v1")


def test_a_destroying_whose_engine_is_killed_is_finished_by_reconcile(site: Site) -> None:
    destroy_until_it_waits(site)
    kill_engines(site.host, whole_cgroup=True)

    site.host.run("pushdeploy", "reconcile")

    assert traces(site) == ""
    site.deploy("tiny")  # without the worker, which would hold up the end of the test as well
    assert_serving(site, version=1, release="v1")
    assert outcomes(site) == ["live"]


@slow
def test_a_destroying_whose_power_fails_is_finished_after_the_boot(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    site = Site.new(fresh_host, fresh_laptop)
    destroy_until_it_waits(site)
    fresh_host.kill_power()

    fresh_host.power_on()

    eventually(lambda: traces(site), "", AFTER_BOOT_SECONDS)


def test_a_name_whose_destroying_was_killed_is_pushed_to_at_once(site: Site) -> None:
    site.deploy("tiny", {"VERSION": "7\n"})
    with armed(site.host, Point.CERTIFICATE_FORGOTTEN, Action.KILL):
        killed = site.cli(f"apps:destroy --confirm {site.name}", check=False)
    left = traces(site)
    site.change({"VERSION": "8\n"})

    push = site.push()

    assert killed.returncode != 0
    assert f".destroyed-{site.name}" in left
    assert push.exit_status == 0, push.output
    assert_serving(site, version=8, release="v1")
    assert outcomes(site) == ["live"]
    site.host.run("pushdeploy", "reconcile")
    assert_serving(site, version=8, release="v1")
    assert f".destroyed-{site.name}" not in traces(site)


def destroy_until_it_waits(site: Site) -> None:
    """Begin to destroy a live app; its worker does not end soon."""
    site.deploy("tiny", STUBBORN)
    words = ("apps:destroy", "--app", site.name, "--confirm", site.name)
    destroying = site.host.start("pushdeploy", *words)
    eventually(lambda: f".destroyed-{site.name}" in traces(site), wanted=True)
    processes.end(destroying)


def traces(site: Site) -> str:
    """Users, groups, folders, unit files, units, processes and timers of the app."""
    name, unit = site.name, site.unit
    look = (
        f"grep -E '^p[db]-{name}:' /etc/passwd /etc/group /etc/shadow;"
        f"ls -d {APPS}/{name} {APPS}/.*-{name} 2>/dev/null;"
        f"ls -d /run/pushdeploy/{name} /var/log/pushdeploy/{name} 2>/dev/null;"
        f"ls /run/systemd/system /run/systemd/transient | grep -F '{unit}';"
        f"systemctl list-units --all --plain --no-legend '{unit}*' | grep -v slice;"
        f"ps -e -o user:20=,args= | grep -E '^p[db]-{name} '; true"
    )
    return site.host.run("sh", "-c", look).stdout
