"""Whatever is killed, at whatever step: what was live is live, and the next push goes through."""

import time
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread

import pytest

from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import (
    OF_A_PUSH,
    assert_nothing_hangs,
    held,
    kill_client,
    kill_engines,
    live_version,
    outcomes,
    reconcile,
    releases_run,
    state_of,
    status_of,
    strays,
    tries,
    wait_for_event,
)
from tests.host.processes import end
from tests.host.story import Site, assert_serving, eventually
from tests.host.web import http_request

WORKER = "release: python release.py\nweb: gunicorn app:app\nworker: sleep 1000\n"
FURTHER_SECONDS = 3.0

versions = count(2)


@dataclass(frozen=True)
class Step:
    """Where a deploy is killed, and what must come of it."""

    event: str
    """The killing comes after it."""
    ends: tuple[str, ...]
    """How the attempts of the push ended, the killed one first."""
    pushed: bool
    """The push itself succeeds."""
    holds: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    whole_cgroup: bool = False


STEPS = {
    "checkout": Step("attempt.started", ("abandoned", "live"), pushed=True),
    "build": Step(
        "build.started",
        ("abandoned", "live"),
        pushed=True,
        files={"requirements.txt": "gunicorn==27.0.1\n# another venv\n"},
    ),
    "build, with all its children": Step(
        "build.started",
        ("abandoned", "live"),
        pushed=True,
        files={"requirements.txt": "gunicorn==27.0.1\n# and another\n"},
        whole_cgroup=True,
    ),
    "release": Step("release_phase.output", ("abandoned",), pushed=False, holds=("hold-release",)),
    "boot": Step(
        "web.starting", ("abandoned",), pushed=False, holds=("hold-web",), whole_cgroup=True
    ),
    "cutover": Step("release.switched", ("live",), pushed=True, files={"Procfile": WORKER}),
}


def names_of(site: Site) -> set[str]:
    """The names of all files and units of an app."""
    return {line.split()[0] for line in state_of(site)}


@pytest.mark.parametrize("name", STEPS)
def test_an_engine_that_is_killed_leaves_what_is_live(gated: Site, name: str) -> None:
    step, before, version = STEPS[name], live_version(gated), next(versions)
    number = len(outcomes(gated))
    gated.change({"VERSION": f"{version}\n", **step.files}, f"Version {version}")

    with held(gated, *step.holds):
        push = gated.laptop.start_push(gated.app)
        wait_for_event(gated, number + 1, step.event)
        kill_engines(gated.host, whole_cgroup=step.whole_cgroup)
        if not step.pushed:
            status, output = status_of(push)
            assert (status, live_version(gated)) == (1, before), output
    if step.pushed:
        status, output = status_of(push)
        assert status == 0, output
    reconcile(gated)

    assert_nothing_hangs(gated)
    assert tuple(outcomes(gated)[number:]) == step.ends
    assert live_version(gated) == (version if step.pushed else before)
    assert gated.push().exit_status == 0
    assert_serving(gated, version=version)
    eventually(lambda: strays(gated), [])
    if "worker" in gated.app.folder.joinpath("Procfile").read_text():
        assert f"{gated.current}.worker.1.service active" in gated.units()


def test_a_switch_that_was_killed_can_be_rolled_back(gated: Site) -> None:
    before, version, number = live_version(gated), next(versions), len(outcomes(gated))
    gated.change({"VERSION": f"{version}\n", "Procfile": WORKER})
    push = gated.laptop.start_push(gated.app)
    wait_for_event(gated, number + 1, "release.switched")
    kill_engines(gated.host)
    kill_client(push)
    reconcile(gated)
    assert_serving(gated, version=version)

    gated.cli("rollback")

    assert_serving(gated, version=before)
    assert gated.push().exit_status == 0
    reconcile(gated)
    assert_serving(gated, version=before)


def test_a_deploy_whose_engine_and_client_are_killed_is_taken_up_by_reconcile(gated: Site) -> None:
    version, number = next(versions), len(outcomes(gated))
    gated.change({"VERSION": f"{version}\n", "requirements.txt": f"gunicorn\n# {version}\n"})
    push = gated.laptop.start_push(gated.app)
    wait_for_event(gated, number + 1, "build.started")
    kill_client(push)
    gated.host.run("pkill", "--signal=KILL", "--full", OF_A_PUSH.pattern)

    reconcile(gated)

    assert_serving(gated, version=version)
    assert_nothing_hangs(gated)
    assert outcomes(gated)[number:] == ["abandoned", "live"]


def test_reconciling_twice_is_reconciling_once(gated: Site) -> None:
    reconcile(gated)
    before = state_of(gated)

    said = reconcile(gated)

    assert (said.stdout, said.stderr) == ("", f"{gated.name} is as it should be.\n")
    assert state_of(gated) == before


def test_reconcile_removes_what_nothing_names(gated: Site) -> None:
    reconcile(gated)
    before = names_of(gated)
    root, units = gated.root, "/run/systemd/system"
    unit = f"{gated.unit}{gated.current}.web"
    stray = f"{gated.unit}v900.web"
    for folder in ("slugs/.new-aa", "slugs/bb", "venvs/cc", "venvs/.old-dd", "releases/.new-900"):
        gated.host.write(f"{root}/{folder}/file", "left over\n")
    gated.host.write(f"{root}/slugs/.new-aa.index", "left over\n")
    gated.host.write(f"/run/pushdeploy/{gated.name}/v900/file", "left over\n")
    for kind in ("service", "socket"):
        text = gated.host.read(f"{units}/{unit}.{kind}").replace(unit, stray)
        text = text.replace(f"/{gated.current}/web.sock", "/v900/web.sock")
        gated.host.write(f"{units}/{stray}.{kind}", text)
    gated.host.run("systemctl", "start", f"{stray}.socket", f"{stray}.service")

    said = reconcile(gated)

    assert "stopped web.1 of v900" in said.stdout
    assert names_of(gated) - before == set()
    assert before - names_of(gated) == set()
    assert strays(gated) == []


def test_locks_that_a_power_cut_has_left_in_the_repo_stop_no_push(gated: Site) -> None:
    version = next(versions)
    names = ("refs/heads/main.lock", "HEAD.lock", "config.lock", "packed-refs.lock")
    locks = [f"{gated.root}/repo.git/{name}" for name in names]
    gated.host.run("runuser", "--user", "deploy", "--", "touch", *locks)
    gated.change({"VERSION": f"{version}\n"})

    push = gated.push()

    assert push.exit_status == 0, push.output
    assert_serving(gated, version=version)
    assert [lock for lock in locks if gated.host.exists(lock)] == []


def test_a_host_whose_power_fails_in_a_deploy_is_live_again(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    site = Site.new(fresh_host, fresh_laptop, "blog")
    site.deploy("gated")
    site.change({"VERSION": "2\n"})
    with held(site, "hold-web"):
        push = fresh_laptop.start_push(site.app)
        wait_for_event(site, 2, "web.starting")
        fresh_host.kill_power()
        end(push)
        fresh_host.power_on()

    eventually(lambda: site.get("/").status, 200)
    assert_serving(site, version=1, release="v1")
    again = site.push()

    assert again.exit_status == 0, again.output
    assert_serving(site, version=2)
    assert outcomes(site) == ["live", "abandoned", "live"]
    assert releases_run(site) == ["1", "2", "2"]
    assert_nothing_hangs(site)
    assert strays(site) == []


def test_no_request_after_a_reboot_gets_an_error_of_ours(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    site = Site.new(fresh_host, fresh_laptop, "blog")
    site.deploy("tiny")
    before, url = fresh_host.pid, site.url
    answers: list[str] = []
    done = Event()

    def ask() -> None:
        while not done.is_set():
            if fresh_host.pid == before:
                time.sleep(0.01)
                continue
            try:
                answers.append(http_request(fresh_host, url).text.split(" pid=")[0])
            except OSError as error:
                # Before the socket listens, and before there is a network at all.
                if not isinstance(error, ConnectionRefusedError) and error.errno != 101:
                    answers.append(repr(error))
                time.sleep(0.01)

    client = Thread(target=ask)
    client.start()
    fresh_host.reboot()
    time.sleep(FURTHER_SECONDS)
    done.set()
    client.join()

    assert answers
    assert set(answers) == {"v=1 release=v1"}
    assert [one.outcome for one in tries(site)] == ["live"]
