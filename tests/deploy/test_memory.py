"""Whether memory holds the old release and the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.boot import MEMORY_RESERVE
from pushdeploy.events import AttemptFailed
from pushdeploy.system.processes import Usage

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

TOTAL = 8 * MEMORY_RESERVE
ENOUGH = 2 * MEMORY_RESERVE
TOO_LITTLE = MEMORY_RESERVE // 2
PLENTY = 6 * MEMORY_RESERVE
PID = 7


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """v1 is warm, v2 is live."""
    machine.resources.total = TOTAL
    machine.push("one")
    machine.push("two")
    machine.supervisor.pids["pushdeploy-blog.v2.web"] = PID
    return machine


def usage(memory: int) -> Usage:
    """Of a process that takes so much."""
    return Usage(memory=memory, cpu=0, started=0)


def test_a_release_that_does_not_fit_is_refused_and_the_live_one_stays(live: FakeMachine) -> None:
    live.resources.available = [TOO_LITTLE]

    ended = live.push("three")

    failed = live.watching.one(AttemptFailed)
    assert isinstance(failed, AttemptFailed)
    assert ended.exit_code != 0
    assert "memory does not hold two releases: 32 MiB are available" in failed.reason
    assert live.answer() == "v2"


def test_the_warm_release_makes_way(live: FakeMachine) -> None:
    live.resources.available = [TOO_LITTLE, ENOUGH]

    ended = live.push("three")

    assert (ended.exit_code, live.answer()) == (0, "v3")
    assert live.running() == ["v2 web.1", "v3 web.1"]


@pytest.mark.parametrize(("available", "asked"), [(ENOUGH, [PID]), (PLENTY, [])])
def test_how_much_the_live_one_takes_is_asked_only_when_that_matters(
    live: FakeMachine, available: int, asked: list[int]
) -> None:
    live.resources.available = [available]

    ended = live.push("three")

    assert ended.exit_code == 0
    assert live.resources.asked == asked


@pytest.mark.parametrize(("own", "live_then"), [(MEMORY_RESERVE, "v3"), (PLENTY, "v2")])
def test_what_forks_without_end_is_not_counted_for_each_of_them(
    live: FakeMachine, own: int, live_then: str
) -> None:
    live.resources.available = [ENOUGH]
    live.resources.used[PID] = usage(100 * TOTAL)
    live.resources.used_alone[PID] = usage(own)

    live.push("three")

    assert live.answer() == live_then
