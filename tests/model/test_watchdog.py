"""The watchdog's rules."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck
from pushdeploy.model.history import Loop, read_history
from pushdeploy.model.instance import State, Status
from pushdeploy.model.watchdog import (
    crash_loops,
    may_be_starting,
    needs_other_backoff,
    next_hang_restart,
    restarted,
    silence,
)

NOW = 100_000.0
MINUTE = 60.0


def status(
    state: State = State.UP,
    *,
    up_for: float = 3600,
    restarts: int = 0,
    slowed: bool = False,
) -> Status:
    """The web process of v12."""
    return Status(
        unit="pushdeploy-blog.v12.web",
        release=12,
        process_type="web",
        index=1,
        state=state,
        since=NOW - up_for,
        restarts=restarts,
        slowed=slowed,
    )


@pytest.mark.parametrize(
    ("former", "minutes"),
    [
        ([], None),
        ([0], 5),
        ([0, 5], 10),
        ([0, 5, 15], 20),
        ([0, 5, 15, 35], 40),
        ([0, 5, 15, 35, 75], 60),
        ([0, 5, 15, 35, 75, 135], 60),
        ([0, 5, 15, 35, 75, 135, 195], 60),
        ([0, 5, 15, 1000], 5),
        ([0, 5, 15, 1000, 1006], 10),
        ([0, 120], 10),
        ([0, 121], 5),
    ],
)
def test_the_gap_between_revivals_doubles_up_to_an_hour(
    former: list[float], minutes: float | None
) -> None:
    """All in minutes."""
    again = next_hang_restart([one * MINUTE for one in former])

    assert again == (0 if minutes is None else (former[-1] + minutes) * MINUTE)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=400))
def test_an_app_that_hangs_for_ever_is_revived_at_most_once_an_hour_in_the_end(
    waits: list[int],
) -> None:
    former: list[float] = []
    for wait in waits:
        former.append(next_hang_restart(former) + wait)

    gaps = [later - earlier for earlier, later in pairwise(former)]
    assert all(gap >= 5 * MINUTE for gap in gaps)
    assert len(former) <= 5 + (former[-1] - former[0]) / (5 * MINUTE)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [(DEFAULT_CHECK, 15), (HealthCheck(timeout=2), 15), (HealthCheck(timeout=40), 40)],
)
def test_a_request_waits_as_long_as_the_check_and_never_briefly(
    check: HealthCheck, seconds: float
) -> None:
    assert silence(check) == seconds


@pytest.mark.parametrize(
    ("one", "check", "starting"),
    [
        (status(up_for=3600), DEFAULT_CHECK, False),
        (status(up_for=61), DEFAULT_CHECK, False),
        (status(up_for=59), DEFAULT_CHECK, True),
        (status(up_for=100), HealthCheck(initial_delay=90, attempts=3), True),
        (status(up_for=200), HealthCheck(initial_delay=90, attempts=3), False),
        (status(State.CRASHED), DEFAULT_CHECK, True),
        (status(State.STARTING), DEFAULT_CHECK, True),
        (status(State.STOPPING), DEFAULT_CHECK, True),
        (status(State.DOWN), DEFAULT_CHECK, True),
    ],
)
def test_silence_of_what_may_be_starting_says_nothing(
    one: Status, check: HealthCheck, *, starting: bool
) -> None:
    assert may_be_starting(one, (check,), NOW) is starting


@pytest.mark.parametrize(
    ("one", "loops"),
    [
        (status(State.CRASHED, restarts=5), True),
        (status(State.CRASHED, restarts=4), False),
        (status(restarts=5, up_for=59), True),
        (status(restarts=500, up_for=61), False),
        (status(State.STOPPING, restarts=9), False),
    ],
)
def test_a_crash_loop_is_many_restarts_and_one_just_now(one: Status, *, loops: bool) -> None:
    assert crash_loops(one, NOW) is loops


@pytest.mark.parametrize(
    ("one", "needs"),
    [
        (status(State.CRASHED, restarts=9), True),
        (status(State.CRASHED, restarts=9, slowed=True), False),
        (status(restarts=9, up_for=599, slowed=True), False),
        (status(restarts=9, up_for=600, slowed=True), True),
        (status(restarts=9, up_for=600), False),
        (status(), False),
    ],
)
def test_a_loop_is_slowed_down_once_and_let_go_when_it_has_been_up(
    one: Status, *, needs: bool
) -> None:
    assert needs_other_backoff(one, NOW) is needs


def test_the_history_tells_what_the_watchdog_did() -> None:
    history = read_history(
        [
            {"revived": 12, "at": 5.0},
            {"looping": 12, "instance": "worker.1", "restarts": 7, "at": 6.0},
            {"looping": 12, "instance": "web.1", "restarts": 5, "at": 7.0},
            {"revived": 12, "at": 8.0},
            {"steady": 12, "instance": "web.1", "at": 9.0},
            {"steady": 11, "instance": "web.1", "at": 9.0},
        ]
    )

    assert history.hang_restarts == {12: (5.0, 8.0)}
    assert history.loops == (Loop(12, "worker.1", 7, 6.0),)
    assert history.changes == ()


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "restarted once, 3h ago"),
        (2, "restarted twice, most recently 3h ago"),
        (5, "restarted 5 times, most recently 3h ago"),
    ],
)
def test_restarts_are_told_with_the_latest(count: int, told: str) -> None:
    assert restarted(count, "3h ago") == told
