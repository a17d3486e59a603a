"""Whether memory holds the old release and the new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.boot import MEMORY_RESERVE
from pushdeploy.events import AttemptFailed
from pushdeploy.system import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.deploy.machine import FakeMachine

TOTAL = 8 * MEMORY_RESERVE
ENOUGH = 2 * MEMORY_RESERVE
TOO_LITTLE = MEMORY_RESERVE // 2
PLENTY = 6 * MEMORY_RESERVE


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """v1 is warm, v2 is live."""
    machine.push("one")
    machine.push("two")
    return machine


def memory_is(monkeypatch: pytest.MonkeyPatch, available: Iterable[int]) -> None:
    """What each look at the memory finds."""
    looks = iter(available)
    monkeypatch.setattr(processes, "available_memory", lambda: next(looks))
    monkeypatch.setattr(processes, "total_memory", lambda: TOTAL)


def test_a_release_that_does_not_fit_is_refused_and_the_live_one_stays(
    live: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_is(monkeypatch, [TOO_LITTLE, TOO_LITTLE])

    ended = live.push("three")

    failed = live.watching.one(AttemptFailed)
    assert isinstance(failed, AttemptFailed)
    assert ended.exit_code != 0
    assert "memory does not hold two releases: 32 MiB are available" in failed.reason
    assert live.answer() == "v2"


def test_the_warm_release_makes_way(live: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    memory_is(monkeypatch, [TOO_LITTLE, ENOUGH])

    ended = live.push("three")

    assert (ended.exit_code, live.answer()) == (0, "v3")
    assert live.running() == ["v2 web.1", "v3 web.1"]


@pytest.mark.parametrize(("available", "asked"), [(ENOUGH, True), (PLENTY, False)])
def test_how_much_the_live_one_takes_is_asked_only_when_that_matters(
    live: FakeMachine, monkeypatch: pytest.MonkeyPatch, available: int, *, asked: bool
) -> None:
    memory_is(monkeypatch, [available])
    looked: list[str] = []
    statuses = live.supervisor.statuses

    def look(app: str) -> object:
        if not any(call[0] == "start" and "v3" in call[1] for call in live.supervisor.calls):
            looked.append(app)
        return statuses(app)

    monkeypatch.setattr(live.supervisor, "statuses", look)

    ended = live.push("three")

    assert ended.exit_code == 0
    assert bool(looked) is asked


@pytest.mark.parametrize(("own", "live_then"), [(MEMORY_RESERVE, "v3"), (PLENTY, "v2")])
def test_what_forks_without_end_is_not_counted_for_each_of_them(
    live: FakeMachine, monkeypatch: pytest.MonkeyPatch, own: int, live_then: str
) -> None:
    memory_is(monkeypatch, [ENOUGH, ENOUGH])
    statuses = live.supervisor.statuses
    monkeypatch.setattr(
        live.supervisor,
        "statuses",
        lambda app: [replace(one, pid=7) if one.release == 2 else one for one in statuses(app)],
    )

    def usage(pid: int, *, grandchildren: bool = True) -> processes.Usage:
        return processes.Usage(memory=100 * TOTAL if grandchildren else own, cpu=0, started=pid)

    monkeypatch.setattr(processes, "usage", usage)

    live.push("three")

    assert live.answer() == live_then
