"""Convergence: what is wanted and what is are compared; who asks again gets no second deploy."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.converge import converge
from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.job import JobKind
from pushdeploy.records.reader import outcome_of_push
from pushdeploy.system.files import delete_tree
from pushdeploy.system.locks import held
from tests.deploy.fakes import WEB
from tests.deploy.machine import APP, FakeMachine, Watching

if TYPE_CHECKING:
    from collections.abc import Callable


PATIENCE_SECONDS = 10.0
PUSH, TIMER = Occasion.PUSH, Occasion.TIMER


def fail_builds(machine: FakeMachine) -> None:
    """From now on nothing can be built."""
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 1


def fix_builds(machine: FakeMachine) -> None:
    """Builds succeed again."""
    machine.supervisor.statuses_of_jobs.clear()


def test_an_app_to_which_nothing_was_pushed_has_nothing_to_deploy(machine: FakeMachine) -> None:
    ended = machine.converge(PUSH, after=0)

    assert (ended.outcome, ended.exit_code) == ("nothing", 0)
    assert machine.records.attempts() == []


def test_an_app_that_is_not_there_is_named(machine: FakeMachine) -> None:
    with pytest.raises(NotFoundError, match="there is no app `shop`"):
        converge(machine, "shop", Watching(), occasion=PUSH, who="ada", after=0)

    assert not (machine.layout.apps / "shop").exists()


def test_a_push_of_what_is_live_does_nothing(machine: FakeMachine) -> None:
    machine.push("one")

    ended = machine.converge(PUSH, after=1)

    assert (ended.outcome, ended.exit_code) == ("nothing", 0)
    assert ended.text.endswith("is live already, as v1")
    assert len(machine.records.attempts()) == 1


def test_the_safety_net_of_a_push_learns_its_outcome_and_starts_nothing(
    machine: FakeMachine,
) -> None:
    fail_builds(machine)
    machine.push("one")

    ended = machine.converge(PUSH, after=0)

    assert (ended.outcome, ended.exit_code, ended.attempt) == ("learned", 7, 1)
    assert ended.failure is not None
    assert "requirements.txt" in ended.failure.reason
    assert ended.failure.still_live is None
    assert len(machine.records.attempts()) == 1


def test_a_new_push_after_a_failure_tries_once_more_and_once_only(machine: FakeMachine) -> None:
    fail_builds(machine)
    machine.push("one")

    hook = machine.converge(PUSH, after=1)
    net = machine.converge(PUSH, after=1)

    assert (hook.outcome, hook.exit_code) == ("failed", 7)
    assert (net.outcome, net.exit_code, net.attempt) == ("learned", 7, 2)
    assert len(machine.records.attempts()) == 2


def test_the_timer_never_retries_what_failed(machine: FakeMachine) -> None:
    fail_builds(machine)
    machine.push("one")
    fix_builds(machine)

    ended = machine.converge(TIMER)

    assert (ended.outcome, ended.attempt) == ("nothing", None)
    assert machine.records.live() is None


def test_the_timer_deploys_what_nobody_has_tried(machine: FakeMachine) -> None:
    machine.push("one")
    machine.branch_names(machine.checkout_worker.commit("two"))

    machine.reconcile()

    assert machine.answer() == "v2"


def test_an_older_commit_that_is_forced_back_is_deployed(machine: FakeMachine) -> None:
    machine.push("one")
    machine.push("two")

    ended = machine.push("one")

    assert (ended.outcome, ended.release) == ("live", 3)
    assert machine.records.release(3).commit.subject == "Subject of one"


def test_a_revision_that_somebody_deployed_by_name_is_not_undone_by_the_timer(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    other = machine.checkout_worker.commit("hotfix")
    machine.deploy(other)

    ended = machine.converge(TIMER)

    assert ended.attempt is None
    assert machine.answer() == "v2"


def test_a_revision_that_does_not_exist_fails_and_is_said(machine: FakeMachine) -> None:
    machine.push("one")

    ended = machine.deploy("nonsense")

    assert ended.exit_code == 7
    assert "`nonsense` is not a commit" in ended.text
    assert machine.answer() == "v1"


def test_one_failing_push_runs_its_release_command_once(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.RELEASE_PHASE] = 1
    machine.push("one", "web: gunicorn app:app\nrelease: python migrate.py\n")

    machine.converge(PUSH, after=0)
    machine.converge(TIMER)

    assert machine.supervisor.calls.count(("once", "release_phase")) == 1


class Queue:
    """Requests that run at once, each in a thread of its own."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self.ended: dict[str, Ended] = {}

    def ask(self, name: str, request: Callable[[], Ended]) -> None:
        """Start a request."""

        def run() -> None:
            self.ended[name] = request()

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait for all."""
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "a request hangs"


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_pushes_that_come_during_a_deploy_wait_and_the_newest_wins(machine: FakeMachine) -> None:
    machine.push("one")
    first, second, third = (
        machine.checkout_worker.commit(name) for name in ("two", "three", "four")
    )
    building, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        building.set()
        assert go_on.wait(PATIENCE_SECONDS)

    def push(commit: str, audience: Watching) -> Callable[[], Ended]:
        return lambda: converge(
            machine, APP, audience, occasion=PUSH, who="ada", after=1, pushed=commit
        )

    machine.supervisor.during[JobKind.RELEASE_PHASE] = hold
    machine.checkout_worker.commit("two", "web: gunicorn app:app\nrelease: true\n")
    watching = [Watching(), Watching(), Watching()]
    queue = Queue()
    machine.branch_names(first)
    queue.ask("first", push(first, watching[0]))
    assert building.wait(PATIENCE_SECONDS)
    machine.branch_names(second)
    queue.ask("second", push(second, watching[1]))
    until(lambda: watching[1].waited_for)
    machine.branch_names(third)
    queue.ask("third", push(third, watching[2]))
    until(lambda: watching[2].waited_for)

    go_on.set()
    queue.join()

    assert {name: ended.exit_code for name, ended in queue.ended.items()} == {
        "first": 0,
        "second": 0,
        "third": 0,
    }
    commits = [one.commit for one in machine.records.attempts()]
    assert commits[1:] == [first, third], "the one in the middle is superseded"
    assert machine.records.current() is not None
    assert machine.answer() == "v3"
    assert watching[1].waited_for[0].what == "a deploy"
    assert watching[1].waited_for[0].who == "ada"


def test_who_waits_for_an_app_that_is_destroyed_is_told(machine: FakeMachine) -> None:
    machine.push("one")
    refused: list[NotFoundError] = []

    def wait() -> Ended:
        try:
            return converge(machine, APP, watching, occasion=PUSH, who="bob", after=1)
        except NotFoundError as error:
            refused.append(error)
            return Ended(EndedAs.FAILED, error.exit_code)

    watching, queue = Watching(), Queue()
    with held(machine.place.lock, who="ada", what="destroying the app"):
        queue.ask("bob", wait)
        until(lambda: watching.waited_for)
        delete_tree(machine.place.root)
    queue.join()

    assert [error.message for error in refused] == ["there is no app `blog`"]
    assert not machine.place.root.exists()


def test_what_a_push_caused_is_known_without_an_engine(machine: FakeMachine) -> None:
    machine.push("one")

    attempt = outcome_of_push(machine.place, "main", 0)

    assert attempt is not None
    assert (attempt.number, attempt.outcome) == (1, "live")
    assert outcome_of_push(machine.place, "main", 1) is None


def test_a_ref_that_is_a_link_is_not_followed(machine: FakeMachine) -> None:
    machine.push("one")
    elsewhere = machine.place.repo / "elsewhere"
    ref = machine.place.repo / "refs" / "heads" / "main"
    ref.rename(elsewhere)
    ref.symlink_to(elsewhere)

    assert outcome_of_push(machine.place, "main", 0) is None


def test_a_tree_that_was_refused_is_deployed_once_it_is_mended(machine: FakeMachine) -> None:
    commit = machine.checkout_worker.commit("one")
    machine.checkout_worker.refusals[commit] = RefusedInputError("no")
    machine.push("one")
    machine.checkout_worker.refusals.clear()

    ended = machine.converge(PUSH, after=1)

    assert (ended.outcome, ended.release) == ("live", 1)


def test_the_branch_that_somebody_chose_stays_though_a_usual_one_is_there(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    commit = machine.checkout_worker.commit("two", WEB)
    for branch in ("main", "trunk"):
        (machine.place.repo / "refs" / "heads" / branch).write_text(f"{commit}\n")
    machine.settings(branch="trunk")

    machine.converge(Occasion.TIMER)

    assert machine.records.settings().branch == "trunk"
    assert machine.records.live_commit() == commit


def test_a_first_push_that_was_killed_before_its_hook_is_found_by_its_branch(
    machine: FakeMachine,
) -> None:
    commit = machine.checkout_worker.commit("one", WEB)
    (machine.place.repo / "refs" / "heads" / "master").write_text(f"{commit}\n")

    machine.converge(Occasion.TIMER)

    assert machine.records.settings().branch == "master"
    assert machine.records.live() == 1
