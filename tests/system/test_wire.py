"""A lost, stopped or impatient client loses nothing and holds nobody up."""

import os
import signal
from base64 import b64encode

import pytest

from tests.system.mishaps import (
    assert_nothing_hangs,
    caught,
    held,
    kill_client,
    outcomes,
    ref_of,
    released,
    releases_run,
    status_of,
    tries,
    wait_for_event,
)
from tests.system.story import Site, assert_serving, eventually, said

MANY_BYTES = 8 << 20


@pytest.fixture
def gated(site: Site) -> Site:
    """The app `gated`, live as version 1."""
    site.deploy("gated")
    return site


def version(site: Site, name: str) -> str:
    """Commit another version; returns the commit."""
    return site.change({"VERSION": f"{name}\n"}, f"Version {name}")


# Killed


def test_a_client_that_is_killed_while_its_pack_comes_in(site: Site) -> None:
    site.deploy("tiny")
    before = ref_of(site)
    site.change({"VERSION": "2\n", "large.txt": b64encode(os.urandom(MANY_BYTES)).decode()})

    push = site.laptop.start_push(site.app)
    receiver = caught(site.host, "git.(index-pack|unpack-objects)")
    kill_client(push)
    released(receiver)

    assert_nothing_hangs(site)
    assert (ref_of(site), outcomes(site)) == (before, ["live"])
    assert_serving(site, version=1)
    assert site.push().exit_status == 0
    assert_serving(site, version=2)


@pytest.mark.parametrize("first", [True, False], ids=["first push", "later push"])
def test_a_client_that_is_killed_in_pre_receive(site: Site, *, first: bool) -> None:
    site.become("tiny")
    if not first:
        assert site.push().exit_status == 0
    version(site, "2")

    push = site.laptop.start_push(site.app)
    hook = caught(site.host, "hooks/pre-receive")
    kill_client(push)
    released(hook)

    eventually(lambda: site.current, "v1" if first else "v2")
    assert_nothing_hangs(site)
    assert_serving(site, version=2)
    assert site.push().exit_status == 0
    assert site.attempts == (1 if first else 2)


def test_a_client_that_is_killed_in_the_hook_with_much_more_to_say(gated: Site) -> None:
    version(gated, "2")

    with held(gated, "hold-release"):
        push = gated.laptop.start_push(gated.app)
        wait_for_event(gated, 2, "release_phase.output")
        kill_client(push)

    eventually(lambda: gated.current, "v2")
    assert_nothing_hangs(gated)
    assert (outcomes(gated), releases_run(gated)) == (["live", "live"], ["1", "2"])
    version(gated, "3")
    assert gated.push().exit_status == 0
    assert_serving(gated, version=3)


def test_a_hook_that_is_killed_leaves_the_deploy_and_its_exit_status(gated: Site) -> None:
    version(gated, "bad")

    with held(gated, "hold-release"):
        push = gated.laptop.start_push(gated.app)
        wait_for_event(gated, 2, "release_phase.output")
        hook = caught(gated.host, "hooks/post-receive")
        os.kill(hook, signal.SIGKILL)
    status, output = status_of(push)

    assert status != 0, output
    assert_nothing_hangs(gated)
    assert (outcomes(gated), releases_run(gated)) == (["live", "failed"], ["1", "bad"])


# Stopped


def test_a_client_that_is_stopped_does_not_hold_up_another(gated: Site) -> None:
    version(gated, "2")

    with held(gated, "hold-release"):
        first = gated.laptop.start_push(gated.app)
        wait_for_event(gated, 2, "release_phase.output")
        os.killpg(first.pid, signal.SIGSTOP)
    version(gated, "3")
    second = gated.push()
    os.killpg(first.pid, signal.SIGCONT)

    assert second.exit_status == 0, second.output
    assert_serving(gated, version=3)
    status, output = status_of(first)
    assert status == 0, output
    assert_nothing_hangs(gated)
    assert releases_run(gated) == ["1", "2", "3"]


# Together


def test_the_newest_of_several_pushes_wins_and_the_superseded_say_so(gated: Site) -> None:
    version(gated, "2")
    with held(gated, "hold-release"):
        first = gated.laptop.start_push(gated.app)
        wait_for_event(gated, 2, "release_phase.output")
        superseded = version(gated, "3")
        second = gated.laptop.start_push(gated.app)
        eventually(lambda: ref_of(gated), superseded)
        newest = version(gated, "4")
        third = gated.laptop.start_push(gated.app)
        eventually(lambda: ref_of(gated), newest)

    ends = [status_of(push) for push in (first, second, third)]

    assert [status for status, _ in ends] == [0, 0, 0], ends
    assert_serving(gated, version=4, release="v3")
    assert [one.commit for one in tries(gated)][-1] == newest
    assert releases_run(gated) == ["1", "2", "4"]
    assert f"{superseded[:8]} is superseded by {newest[:8]}" in ends[1][1]
    assert "v3 is live" in ends[2][1]
    assert_nothing_hangs(gated)


def test_a_push_answers_for_its_own_commit(gated: Site) -> None:
    version(gated, "2")
    with held(gated, "hold-release"):
        first = gated.laptop.start_push(gated.app)
        wait_for_event(gated, 2, "release_phase.output")
        commit = version(gated, "bad")
        second = gated.laptop.start_push(gated.app)
        eventually(lambda: ref_of(gated), commit)

    ends = [status_of(push) for push in (first, second)]

    assert [status == 0 for status, _ in ends] == [True, False], ends
    assert "this release fails" not in ends[0][1]
    assert (outcomes(gated), releases_run(gated)) == (["live", "live", "failed"], ["1", "2", "bad"])
    assert_serving(gated, version=2)


# Again


def test_a_failing_push_is_one_attempt_and_pushing_again_is_one_more(gated: Site) -> None:
    version(gated, "bad")

    first = gated.push()
    once = (outcomes(gated), releases_run(gated))
    again = gated.push()

    assert (first.exit_status, again.exit_status) == (1, 1), again.output
    assert once == (["live", "failed"], ["1", "bad"])
    assert outcomes(gated) == ["live", "failed", "failed"]
    assert releases_run(gated) == ["1", "bad", "bad"]
    assert "this release fails" in again.output
    assert_serving(gated, version=1)


def test_an_up_to_date_push_after_a_rollback_leaves_it(gated: Site) -> None:
    version(gated, "2")
    assert gated.push().exit_status == 0
    gated.cli("rollback")

    push = gated.push()

    assert push.exit_status == 0, push.output
    assert f"pushdeploy deploy --app {gated.name}" in push.output
    assert_serving(gated, version=1)
    assert [one.kind for one in tries(gated)] == ["deploy", "deploy", "rollback"]
    gated.cli("deploy")
    assert_serving(gated, version=2)


def test_an_older_commit_can_be_forced_back(gated: Site) -> None:
    version(gated, "2")
    assert gated.push().exit_status == 0

    push = gated.push("+HEAD~1:main")

    assert push.exit_status == 0, push.output
    assert_serving(gated, version=1, release="v3")


def test_a_push_of_what_is_live_says_so_and_changes_nothing(gated: Site) -> None:
    process = gated.main_pid()

    push = gated.push()

    assert (push.exit_status, said(push)) == (0, [])
    assert (gated.main_pid(), gated.attempts) == (process, 1)
