"""A lost, stopped or impatient client loses nothing and holds nobody up."""

import os
import signal
from base64 import b64encode
from dataclasses import dataclass
from itertools import count

from tests.host.mishaps import (
    assert_nothing_hangs,
    caught,
    held,
    kill_client,
    live_version,
    outcomes,
    ref_of,
    released,
    releases_run,
    status_of,
    tries,
    wait_for_event,
)
from tests.host.story import Site, assert_serving, eventually, said

MANY_BYTES = 8 << 20

versions = count(2)


@dataclass(frozen=True)
class Since:
    """What has happened to an app since the start of a test."""

    site: Site
    attempts: int
    runs: int

    @classmethod
    def now(cls, site: Site) -> "Since":
        """From here on."""
        return cls(site, len(outcomes(site)), len(releases_run(site)))

    @property
    def outcomes(self) -> list[str]:
        """How the attempts since then ended."""
        return outcomes(self.site)[self.attempts :]

    @property
    def runs_of_release(self) -> list[str]:
        """The versions whose `release:` ran since then."""
        return releases_run(self.site)[self.runs :]

    def wait_for(self, event: str, attempt: int = 1) -> None:
        """Until the log of the first attempt since then, or a later one, has the event."""
        wait_for_event(self.site, self.attempts + attempt, event)


def commit(site: Site, *, bad: bool = False) -> tuple[int, str]:
    """Commit another version; returns its number and its commit."""
    number = next(versions)
    text = f"{'bad-' if bad else ''}{number}\n"
    return number, site.change({"VERSION": text}, f"Version {number}")


# Killed


def test_a_client_that_is_killed_while_its_pack_comes_in(gated: Site) -> None:
    since, before, ref = Since.now(gated), live_version(gated), ref_of(gated)
    gated.app.write("large.txt", b64encode(os.urandom(MANY_BYTES)).decode())
    number, _ = commit(gated)

    push = gated.laptop.start_push(gated.app)
    receiving = caught(gated.host, "git.(index-pack|unpack-objects)")
    kill_client(push)
    released(receiving)

    assert_nothing_hangs(gated)
    assert (ref_of(gated), since.outcomes) == (ref, [])
    assert_serving(gated, version=before)
    assert gated.push().exit_status == 0
    assert_serving(gated, version=number)


def test_a_client_that_is_killed_in_the_first_pre_receive(site: Site) -> None:
    site.become("tiny")

    kill_in_pre_receive(site)

    eventually(lambda: site.current, "v1")
    assert_nothing_hangs(site)
    assert_serving(site, version=1)
    assert (site.push().exit_status, outcomes(site)) == (0, ["live"])


def test_a_client_that_is_killed_in_a_later_pre_receive(gated: Site) -> None:
    since, (number, _) = Since.now(gated), commit(gated)

    kill_in_pre_receive(gated)

    eventually(lambda: live_version(gated), number)
    assert_nothing_hangs(gated)
    assert (gated.push().exit_status, since.outcomes) == (0, ["live"])


def kill_in_pre_receive(site: Site) -> None:
    """Push, and kill the client while that hook runs."""
    push = site.laptop.start_push(site.app)
    hook = caught(site.host, "hooks/pre-receive")
    kill_client(push)
    released(hook)


def test_a_client_that_is_killed_in_the_hook_with_much_more_to_say(gated: Site) -> None:
    since, (number, _) = Since.now(gated), commit(gated)

    with held(gated, "hold-release"):
        push = gated.laptop.start_push(gated.app)
        since.wait_for("release_phase.output")
        kill_client(push)

    eventually(lambda: live_version(gated), number)
    assert_nothing_hangs(gated)
    assert (since.outcomes, since.runs_of_release) == (["live"], [f"{number}"])
    following, _ = commit(gated)
    assert gated.push().exit_status == 0
    assert_serving(gated, version=following)


def test_a_hook_that_is_killed_leaves_the_deploy_and_its_exit_status(gated: Site) -> None:
    since, (number, _) = Since.now(gated), commit(gated, bad=True)

    with held(gated, "hold-release"):
        push = gated.laptop.start_push(gated.app)
        since.wait_for("release_phase.output")
        os.kill(caught(gated.host, "hooks/post-receive"), signal.SIGKILL)
    status, output = status_of(push)

    assert status == 1, output
    assert_nothing_hangs(gated)
    assert (since.outcomes, since.runs_of_release) == (["failed"], [f"bad-{number}"])


# Stopped


def test_a_client_that_is_stopped_does_not_hold_up_another(gated: Site) -> None:
    since, (stopped, _) = Since.now(gated), commit(gated)

    with held(gated, "hold-release"):
        first = gated.laptop.start_push(gated.app)
        since.wait_for("release_phase.output")
        os.killpg(first.pid, signal.SIGSTOP)
    number, _ = commit(gated)
    second = gated.push()
    os.killpg(first.pid, signal.SIGCONT)

    assert second.exit_status == 0, second.output
    assert_serving(gated, version=number)
    status, output = status_of(first)
    assert status == 0, output
    assert_nothing_hangs(gated)
    assert since.runs_of_release == [f"{stopped}", f"{number}"]


# Together


def test_the_newest_of_several_pushes_wins_and_the_superseded_say_so(gated: Site) -> None:
    since, (first, _) = Since.now(gated), commit(gated)
    with held(gated, "hold-release"):
        pushes = [gated.laptop.start_push(gated.app)]
        since.wait_for("release_phase.output")
        _, superseded = commit(gated)
        pushes.append(gated.laptop.start_push(gated.app))
        eventually(lambda: ref_of(gated), superseded)
        last, newest = commit(gated)
        pushes.append(gated.laptop.start_push(gated.app))
        eventually(lambda: ref_of(gated), newest)

    ends = [status_of(push) for push in pushes]

    assert [status for status, _ in ends] == [0, 0, 0], ends
    assert_serving(gated, version=last)
    assert (since.outcomes, tries(gated)[-1].commit) == (["live", "live"], newest)
    assert since.runs_of_release == [f"{first}", f"{last}"]
    assert f"{superseded[:8]} is superseded by {newest[:8]}" in ends[1][1]
    assert f"live as {gated.current}" in ends[2][1] or f"{gated.current} is live" in ends[2][1]
    assert_nothing_hangs(gated)


def test_a_push_answers_for_its_own_commit(gated: Site) -> None:
    since, (good, _) = Since.now(gated), commit(gated)
    with held(gated, "hold-release"):
        first = gated.laptop.start_push(gated.app)
        since.wait_for("release_phase.output")
        bad, wanted = commit(gated, bad=True)
        second = gated.laptop.start_push(gated.app)
        eventually(lambda: ref_of(gated), wanted)

    ends = [status_of(push) for push in (first, second)]

    assert [status for status, _ in ends] == [0, 1], ends
    assert "this release fails" not in ends[0][1]
    assert since.outcomes == ["live", "failed"]
    assert since.runs_of_release == [f"{good}", f"bad-{bad}"]
    assert_serving(gated, version=good)


# Again


def test_a_failing_push_is_one_attempt_and_pushing_again_is_one_more(gated: Site) -> None:
    before, since, (bad, _) = live_version(gated), Since.now(gated), commit(gated, bad=True)

    first = gated.push()
    once = (since.outcomes, since.runs_of_release)
    again = gated.push()

    assert (first.exit_status, again.exit_status) == (1, 1), again.output
    assert once == (["failed"], [f"bad-{bad}"])
    assert (since.outcomes, since.runs_of_release) == (["failed"] * 2, [f"bad-{bad}"] * 2)
    assert "this release fails" in again.output
    assert_serving(gated, version=before)


def test_an_up_to_date_push_after_a_rollback_leaves_it(gated: Site) -> None:
    before, (number, _) = live_version(gated), commit(gated)
    assert gated.push().exit_status == 0
    gated.cli("rollback")
    since = Since.now(gated)

    push = gated.push()

    assert push.exit_status == 0, push.output
    assert f" deploy --app {gated.name}" in push.output
    assert_serving(gated, version=before)
    assert since.outcomes == []
    gated.cli("deploy")
    assert_serving(gated, version=number)


def test_an_older_commit_can_be_forced_back(gated: Site) -> None:
    older, _ = commit(gated)
    assert gated.push().exit_status == 0
    commit(gated)
    assert gated.push().exit_status == 0

    push = gated.push("+HEAD~1:main")

    assert push.exit_status == 0, push.output
    assert_serving(gated, version=older)


def test_a_push_of_what_is_live_says_nothing_and_changes_nothing(gated: Site) -> None:
    commit(gated)
    assert gated.push().exit_status == 0
    process, since = gated.main_pid(), Since.now(gated)

    push = gated.push()

    assert (push.exit_status, said(push)) == (0, [])
    assert (gated.main_pid(), since.outcomes) == (process, [])
