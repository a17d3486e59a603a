"""Pruning goes by what can be reached, never by age alone, and failed tries push out nothing."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

from pushdeploy.deploy.cleanup import DRAIN_SECONDS, drain, prune
from pushdeploy.deploy.release import release_is_whole
from pushdeploy.deploy.tried import tried
from tests.deploy.machine import FakeMachine, names

if TYPE_CHECKING:
    from pathlib import Path


def numbers(machine: FakeMachine) -> list[int]:
    """The releases that are there."""
    return machine.records.numbers()


def test_the_last_five_that_were_live_are_kept_with_all_that_they_need(
    machine: FakeMachine,
) -> None:
    for number in range(1, 9):
        machine.push(f"commit {number}", requirements=f"gunicorn\n# {number}\n")

    assert numbers(machine) == [4, 5, 6, 7, 8]
    assert all(release_is_whole(machine.place, number) for number in numbers(machine))
    assert len(names(machine.place.slugs)) == 5
    assert len(names(machine.place.venvs)) == 5


def test_failed_tries_never_push_out_good_releases(machine: FakeMachine) -> None:
    machine.push("one")
    machine.push("two")
    machine.supervisor.answer_by = lambda _: (500, "")
    for number in range(8):
        machine.push(f"bad {number}")

    assert numbers(machine) == [1, 2, 10]
    assert release_is_whole(machine.place, 1)


def test_a_rollback_target_stays_however_old_it_is(machine: FakeMachine) -> None:
    for number in range(1, 6):
        machine.push(f"commit {number}")
    machine.rollback(1)

    for number in range(6, 9):
        machine.push(f"commit {number}")

    assert 1 in numbers(machine)


def test_a_thousand_releases_leave_those_that_can_be_reached(machine: FakeMachine) -> None:
    machine.push("one")
    place = machine.place
    for number in range(2, 1002):
        (place.releases / f"v{number}").mkdir()
        (place.slugs / f"{number:024x}").mkdir()

    did = prune(machine.records)

    assert numbers(machine) == [1, 1001]
    assert len(did) == 999
    assert len(names(place.slugs)) == 1
    assert release_is_whole(place, 1)


def live_through(machine: FakeMachine, last: int) -> None:
    """Releases from 2 on, each with code of its own; every tenth failed, all others were live."""
    place, records = machine.place, machine.records
    previous = 1
    for number in range(2, last + 1):
        release = place.release(number)
        shutil.copytree(place.release(1).root, release.root, symlinks=True)
        record = release.record.read_text().replace('"number": 1,', f'"number": {number},')
        release.record.write_text(record)
        release.run.unlink()
        release.run.symlink_to(place.sockets(number))
        release.code.unlink()
        release.code.symlink_to(f"../../slugs/{number:024x}")
        (place.slugs / f"{number:024x}").mkdir()
        if number % 10:
            records.note_history(intent=number, previous=previous, kind="deploy", at=1.0)
            records.note_history(settled=number)
            previous = number
    place.current.unlink()
    place.current.symlink_to(f"releases/v{previous}")


def test_of_a_thousand_releases_the_last_five_that_were_live_can_be_gone_back_to(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    live_through(machine, 1000)

    did = prune(machine.records)

    stay = [995, 996, 997, 998, 999, 1000]
    assert numbers(machine) == stay
    assert did == [f"pruned v{number}" for number in range(1, 995)]
    assert names(machine.place.slugs) == [f"{number:024x}" for number in stay]
    assert all(release_is_whole(machine.place, number) for number in stay)
    for target in (998, 997, 996, 995):
        machine.rollback()
        assert machine.records.live() == target
    assert prune(machine.records) == []


def test_a_slug_that_two_releases_share_stays_with_the_second(machine: FakeMachine) -> None:
    machine.push("one")
    for number in range(7):
        machine.set_config(NUMBER=str(number))

    assert numbers(machine) == [4, 5, 6, 7, 8]
    assert len(names(machine.place.slugs)) == 1
    assert len(names(machine.place.venvs)) == 1


def test_sockets_of_pruned_releases_go_with_them(machine: FakeMachine) -> None:
    for number in range(1, 9):
        machine.push(f"commit {number}")

    assert set(names(machine.place.run)) <= {"v4", "v5", "v6", "v7", "v8"}


def test_old_logs_of_attempts_are_deleted(machine: FakeMachine) -> None:
    machine.push("one")
    for number in range(1, 251):
        machine.place.attempt_log(number).write_text("")

    prune(machine.records)

    assert sorted(int(path.stem) for path in machine.place.log.glob("*.jsonl")) == [*range(51, 251)]


def test_a_client_that_is_still_served_is_waited_for(
    machine: FakeMachine, short_folder: Path
) -> None:
    path = short_folder / "web.sock"
    began = machine.clock.time
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(path))
        listener.listen()
        client.connect(str(path))

        drain(machine, [path])

    assert DRAIN_SECONDS <= machine.clock.time - began < DRAIN_SECONDS + 1


def test_a_quiet_socket_is_watched_for_a_second(machine: FakeMachine, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    began = machine.clock.time
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        drain(machine, [path])

    assert 1 <= machine.clock.time - began < 2


def test_the_list_says_of_a_change_that_is_not_kept_what_it_was(machine: FakeMachine) -> None:
    machine.push("one")
    machine.set_config(DEBUG="1")
    machine.restart()
    kept = [tried(machine.records, one, 3, []).description for one in machine.records.attempts()]
    for number in range(6):
        machine.push(f"commit {number}")

    left = [tried(machine.records, one, 9, []).description for one in machine.records.attempts()]

    assert kept[1:3] == ["Set config vars", "Restart"]
    assert left[1:3] == ["change of config vars", "restart"]


def test_what_builds_left_is_deleted_once_the_app_is_live(machine: FakeMachine) -> None:
    left = (machine.place.build_work, machine.place.exported, machine.place.step_work)
    for folder in left:
        (folder / "of a killed build").mkdir(parents=True)

    machine.push("one")

    assert not any(folder.exists() for folder in left)
