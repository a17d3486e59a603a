"""Ten thousand attempts: numbers go on, outcomes are right, and what is read stays short."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.cleanup import prune
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.convergence import Occasion
from pushdeploy.records.compaction import KEPT_ATTEMPTS, KEPT_LINES
from pushdeploy.records.reader import facts, outcome_of_push
from pushdeploy.system.files import append
from pushdeploy.system.json_lines import read_lines
from tests.deploy.machine import FakeMachine, make_machine

if TYPE_CHECKING:
    from pathlib import Path

MANY = 10_000
NEVER = "a commit that never went live"


def live_long(machine: FakeMachine, *, kind: str) -> None:
    """As many attempts as ten years bring, noted as the engine does; none is of this commit."""
    first = machine.records.attempts()[-1].number + 1
    lines = []
    for number in range(first, first + MANY):
        made = {"attempt": number, "kind": kind, "commit": f"{number:040x}", "of_branch": True}
        lines += [{**made, "who": "ada", "at": 1.0}, {"attempt": number, "release": number}]
        lines.append({"attempt": number, "outcome": "live", "seconds": 1.0})
    append(machine.place.attempts, *lines)


def count_lines(path: Path) -> int:
    """How many a file has."""
    return sum(1 for _ in read_lines(path))


def test_numbers_go_on(machine: FakeMachine) -> None:
    machine.push("one")
    live_long(machine, kind="deploy")

    for name in ("two", "three"):
        machine.push(name)

    numbers = [one.number for one in machine.records.attempts()]
    assert numbers[-2:] == [MANY + 2, MANY + 3]
    assert machine.records.live() == MANY + 3
    assert machine.records.next_release() == MANY + 4
    assert facts(machine.place).newest == MANY + 3


def test_what_is_read_is_short_and_nothing_is_lost(machine: FakeMachine) -> None:
    machine.push("one")
    live_long(machine, kind="deploy")

    machine.push("two")

    assert count_lines(machine.place.attempts) <= 3 * KEPT_ATTEMPTS
    numbers = [one.number for one in machine.records.all_attempts()]
    assert numbers == [*range(1, MANY + 3)]
    assert {one.outcome for one in machine.records.all_attempts()} == {Outcome.LIVE}


def test_who_may_read_it_stays(machine: FakeMachine) -> None:
    machine.push("one")
    machine.place.attempts.chmod(0o640)
    live_long(machine, kind="deploy")

    machine.push("two")

    assert machine.place.attempts.stat().st_mode & 0o777 == 0o640
    assert machine.place.attempts_archive.stat().st_mode & 0o777 == 0o600


def test_the_outcome_of_each_push_is_its_own(machine: FakeMachine) -> None:
    machine.push("one")
    live_long(machine, kind="deploy")
    after = machine.records.attempts()[-1].number

    good = machine.push("two")
    machine.supervisor.answer_by = lambda _: (500, "")
    bad = machine.push("three")

    assert (good.outcome, good.attempt) == ("live", after + 1)
    assert (bad.outcome, bad.attempt) == ("failed", after + 2)
    found = outcome_of_push(machine.place, "main", after + 1)
    assert found is not None
    assert (found.number, found.outcome) == (after + 2, Outcome.FAILED)


def test_a_commit_that_failed_long_ago_is_not_tried_again_by_the_timer(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    machine.supervisor.answer_by = lambda _: (500, "")
    machine.push(NEVER)
    machine.supervisor.answer_by = lambda _: (200, "")
    live_long(machine, kind="config")
    prune(machine.records)
    assert count_lines(machine.place.attempts) < MANY

    ended = machine.converge(Occasion.TIMER)

    assert (ended.outcome, ended.attempt) == ("nothing", None)
    assert machine.records.live() == 1


def test_what_was_rolled_back_from_long_ago_is_left_by_a_push_of_nothing_new(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    commit = machine.checkout_worker.commit("two")
    machine.push("two")
    machine.rollback()
    live_long(machine, kind="config")
    prune(machine.records)

    ended = machine.converge(Occasion.PUSH, after=machine.records.attempts()[-1].number)

    assert ended.outcome == "left"
    assert ended.text.startswith(commit[:8])


def test_a_kill_between_the_two_files_counts_nothing_twice(machine: FakeMachine) -> None:
    machine.push("one")
    live_long(machine, kind="deploy")
    append(machine.place.attempts_archive, *read_lines(machine.place.attempts))

    machine.push("two")

    numbers = [one.number for one in machine.records.all_attempts()]
    assert numbers == [*range(1, MANY + 3)]


def test_a_full_disk_leaves_the_record_as_it_was(machine: FakeMachine) -> None:
    machine.push("one")
    live_long(machine, kind="deploy")
    machine.place.attempts_archive.symlink_to("/dev/full")
    before = machine.place.attempts.read_bytes()

    prune(machine.records)

    assert machine.place.attempts.read_bytes() == before


@pytest.mark.parametrize("count", [1, KEPT_ATTEMPTS])
def test_a_short_past_is_left_alone(count: int, short_folder: Path) -> None:
    machine = make_machine(short_folder / "short", short_folder / "r")
    machine.push("one")
    line = {"attempt": 2, "kind": "config", "commit": "c", "at": 1.0, "outcome": "live"}
    append(machine.place.attempts, *({**line, "attempt": number + 2} for number in range(count)))
    before = machine.place.attempts.read_text()

    prune(machine.records)

    assert machine.place.attempts.read_text() == before
    assert not machine.place.attempts_archive.exists()
    assert json.loads(before.splitlines()[0])["attempt"] == 1
    machine.supervisor.close()


def test_the_number_of_a_release_that_nobody_remembers_is_not_given_again(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    killed = {"attempt": 2, "kind": "deploy", "commit": "c", "of_branch": True, "release": 900}
    append(machine.place.attempts, {**killed, "at": 1.0, "outcome": "abandoned"})
    line = {"kind": "rollback", "commit": "c", "at": 1.0, "outcome": "live", "release": 1}
    append(machine.place.attempts, *({"attempt": 3 + number, **line} for number in range(MANY)))

    for _ in range(2):
        prune(machine.records)

    assert count_lines(machine.place.attempts) < MANY
    assert machine.records.next_release() == 901
    assert len(machine.records.all_attempts()) == MANY + 2


def live_through(machine: FakeMachine, kind: str = "deploy") -> None:
    """As many switches as ten years bring, to releases that are gone since."""
    lines: list[dict[str, object]] = []
    first = machine.records.next_release()
    for number in range(first, first + MANY):
        lines += [{"intent": number, "previous": number - 1, "kind": kind, "at": 1.0}]
        lines += [{"settled": number}, {"warm": number - 1, "until": 1.0}, {"cold": number - 1}]
    append(machine.place.history, *lines)


def test_the_history_is_short_after_ten_thousand_switches(machine: FakeMachine) -> None:
    machine.push("one")
    live_through(machine)

    for name in ("two", "three"):
        machine.push(name)

    assert count_lines(machine.place.history) < KEPT_LINES
    assert count_lines(machine.place.history_archive) > 4 * MANY
    assert machine.records.live() == MANY + 3
    assert machine.records.next_release() == MANY + 4
    machine.rollback()
    assert machine.records.live() == MANY + 2


def test_what_was_rolled_back_from_stays_known_when_the_history_is_short(
    machine: FakeMachine,
) -> None:
    for name in ("one", "two", "three"):
        machine.push(name)
    machine.rollback()
    lines = [{"revived": 900, "at": 1.0}] * KEPT_LINES
    append(machine.place.history, *lines)

    prune(machine.records)

    assert count_lines(machine.place.history) < KEPT_LINES
    assert machine.records.history().rolled_back_from() == {3}
    assert machine.rollback().release == 1


def test_a_kill_while_the_history_is_archived_changes_nothing(machine: FakeMachine) -> None:
    machine.push("one")
    live_through(machine)
    append(machine.place.history_archive, *read_lines(machine.place.history))
    temporary = machine.place.history.with_name(f".{machine.place.history.name}.new")
    temporary.write_text('{"intent":')

    machine.push("two")

    assert count_lines(machine.place.history) < KEPT_LINES
    assert machine.records.live() == MANY + 2
    assert not temporary.exists()
