"""What is said of the live release when a deploy has failed: only what was just seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.pulse import trouble
from pushdeploy.model.instance import State

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine


def test_an_app_that_answers_its_check_has_no_trouble(machine: FakeMachine) -> None:
    assert trouble(machine, machine.records) == "", "nothing is live"
    machine.push("one")

    assert trouble(machine, machine.records) == ""


def test_the_answer_that_is_none_is_named_with_what_was_asked(machine: FakeMachine) -> None:
    machine.push("one")
    machine.supervisor.answers[1] = (500, "broken")

    assert trouble(machine, machine.records) == "answers 500 to GET /"


def test_an_app_that_is_gone_does_not_answer(machine: FakeMachine) -> None:
    machine.push("one")
    machine.supervisor.reboot()

    assert trouble(machine, machine.records) == "does not answer"


def test_an_app_that_can_not_start_again_says_why(machine: FakeMachine) -> None:
    machine.push("one")
    machine.supervisor.reboot()
    machine.place.release(1).venv_complete.unlink()

    said = "does not answer and can't start again: v1 has lost its venv"
    assert trouble(machine, machine.records) == said


def test_a_record_that_is_gone_is_said(machine: FakeMachine) -> None:
    machine.push("one")
    machine.place.release(1).record.unlink()

    assert trouble(machine, machine.records) == "has lost its record"


def test_a_worker_that_fell_is_named(machine: FakeMachine) -> None:
    machine.push("one", "worker: python work.py\n")
    (unit,) = machine.supervisor.units.values()
    unit.state = State.CRASHED

    assert trouble(machine, machine.records) == "does not run worker.1"
