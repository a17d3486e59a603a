"""The watchdog: what hangs is restarted, not too often; what crash-loops is slowed down."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.fence import fence_ports
from pushdeploy.events import Warned
from pushdeploy.model.instance import State
from pushdeploy.system.locks import held
from pushdeploy.watch.restart_hung import look_after, restart_hung
from pushdeploy.watch.watchdog import Finding, find
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.fakes import Unit

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"
WEB, WORKER = "pushdeploy-blog.v1.web", "pushdeploy-blog.v1.worker.1"
RESTARTED = ["restarted web.1 of v1, which did not answer"]
BRIEFLY = 0.05


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine with v1."""
    machine.push("one", WITH_WORKER)
    return machine


@pytest.fixture
def mute(live: FakeMachine) -> Iterator[socket.socket]:
    """Its web process has come to listen and say nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        make_mute(live.supervisor.units[WEB], listener)
        yield listener


def make_mute(unit: Unit, listener: socket.socket) -> None:
    """Take its place on its socket."""
    assert unit.server is not None
    assert unit.instance.socket is not None
    unit.server.stop()
    unit.server = None
    unit.instance.socket.unlink(missing_ok=True)
    listener.bind(str(unit.instance.socket))
    listener.listen()


def statuses(live: FakeMachine) -> list[tuple[State, int]]:
    """State and restarts of web."""
    found = live.supervisor.statuses(APP)
    return [(one.state, one.restarts) for one in found if one.process_type == "web"]


def crashing(live: FakeMachine, unit: str) -> None:
    """The supervisor starts it again and again."""
    live.supervisor.units[unit].state = State.CRASHED
    live.supervisor.units[unit].restarts = 7


def test_what_answers_nothing_is_started_anew_and_this_is_noted(
    live: FakeMachine, mute: socket.socket
) -> None:
    mute.settimeout(0)

    assert look_after(live, APP, 1) == RESTARTED

    assert live.answer() == "v1"
    assert live.records.history().hang_restarts == {1: (live.clock.now(),)}


def test_service_and_socket_are_stopped_before_either_is_started(
    live: FakeMachine, mute: socket.socket
) -> None:
    assert mute.fileno() >= 0
    live.supervisor.calls.clear()

    restart_hung(live, live.records, BRIEFLY)

    assert live.supervisor.calls == [("stop", WEB), ("apply", WEB), ("start", WEB)]


def test_an_error_status_is_an_answer(live: FakeMachine) -> None:
    live.supervisor.answers[1] = (500, "broken")
    live.supervisor.calls.clear()

    assert restart_hung(live, live.records, BRIEFLY) == []
    assert live.reconcile() == []
    assert "stop" not in {call[0] for call in live.supervisor.calls}


def test_what_came_up_just_now_may_still_be_starting(
    live: FakeMachine, mute: socket.socket
) -> None:
    assert mute.fileno() >= 0
    live.supervisor.units[WEB].since = live.clock.now() - 59

    assert restart_hung(live, live.records, BRIEFLY) == []

    live.clock.sleep(1)
    assert restart_hung(live, live.records, BRIEFLY) == RESTARTED


def test_what_hangs_at_every_start_is_restarted_ever_more_seldom(live: FakeMachine) -> None:
    did = []
    for minute in range(120):
        with socket.socket(socket.AF_UNIX) as listener:
            unit = live.supervisor.units[WEB]
            if unit.server is not None:
                make_mute(unit, listener)
            else:
                assert unit.instance.socket is not None
                unit.instance.socket.unlink(missing_ok=True)
                listener.bind(str(unit.instance.socket))
                listener.listen()
            if restart_hung(live, live.records, 0.001) == RESTARTED:
                did.append(minute)
        live.clock.sleep(60)

    assert did == [0, 5, 15, 35, 75]


def test_what_must_wait_is_said(live: FakeMachine, mute: socket.socket) -> None:
    assert mute.fileno() >= 0
    live.records.note_history(revived=1, at=live.clock.now() - 60)

    assert restart_hung(live, live.records, BRIEFLY) == [
        "left web.1 of v1, which does not answer, alone for 4m more"
    ]


def test_another_release_begins_anew(live: FakeMachine) -> None:
    live.records.note_history(revived=1, at=live.clock.now())
    live.push("two", WITH_WORKER)

    with socket.socket(socket.AF_UNIX) as listener:
        make_mute(live.supervisor.units["pushdeploy-blog.v2.web"], listener)

        assert restart_hung(live, live.records, BRIEFLY) == [
            "restarted web.1 of v2, which did not answer"
        ]


def test_nothing_is_done_while_something_else_changes_the_app(
    live: FakeMachine, mute: socket.socket
) -> None:
    assert mute.fileno() >= 0
    crashing(live, WORKER)
    live.supervisor.calls.clear()

    with held(live.place.lock, who="ada", what="a deploy"):
        assert look_after(live, APP, 1) == []

    assert live.supervisor.calls == []
    assert live.records.history().hang_restarts == {}


def test_a_release_that_is_live_no_more_is_not_started_anew(
    live: FakeMachine, mute: socket.socket
) -> None:
    assert mute.fileno() >= 0

    assert look_after(live, APP, 99) == []


def test_an_app_that_was_destroyed_since_is_passed_over(live: FakeMachine) -> None:
    assert look_after(live, "gone", 1) == []
    assert not live.layout.app("gone").root.exists()


def test_who_turned_it_off_is_neither_asked_nor_started_anew(
    live: FakeMachine, mute: socket.socket
) -> None:
    assert mute.fileno() >= 0
    live.settings(watchdog=False)
    crashing(live, WORKER)

    assert find(live, [], time.time()) == []
    assert restart_hung(live, live.records, BRIEFLY) == []
    assert look_after(live, APP, 1) == ["slowed down worker.1 of v1, which is crash-looping"]


def test_what_is_well_is_not_found(live: FakeMachine) -> None:
    found = find(live, live.supervisor.statuses(APP), time.time())

    assert found == []


def test_a_crash_loop_is_found(live: FakeMachine) -> None:
    crashing(live, WORKER)

    found = find(live, live.supervisor.statuses(APP), time.time())

    assert found == [Finding(APP, None)]


def test_ports_that_the_kernel_has_forgotten_are_closed_again(live: FakeMachine) -> None:
    fence_ports(live)
    live.firewall.can_keep_in = False
    found = find(live, [], time.time())

    failed = look_after(live, APP, None)
    unmarked = live.layout.kept_in.exists()
    live.layout.kept_in.touch()
    live.firewall.can_keep_in, live.firewall.inner = True, ()
    (live.layout.app(APP).run / "v7.port").write_text("29007")
    closed = look_after(live, APP, None)

    assert found == [Finding(APP, None)]
    assert failed == ["failed: other machines may reach the ports of web processes"]
    assert not unmarked
    assert closed == ["closed the ports of web processes to other machines again"]
    assert set(live.firewall.inner) == {29007}
    assert look_after(live, APP, None) == []


def test_a_crash_loop_is_slowed_down_once_and_let_go_when_it_is_over(live: FakeMachine) -> None:
    crashing(live, WORKER)
    live.supervisor.calls.clear()

    assert look_after(live, APP, None) == ["slowed down worker.1 of v1, which is crash-looping"]
    assert look_after(live, APP, None) == []
    live.supervisor.units[WORKER].state = State.UP
    live.supervisor.units[WORKER].since = live.clock.now()
    live.clock.sleep(600)
    assert look_after(live, APP, None) == ["worker.1 of v1 has stopped crash-looping"]

    assert live.supervisor.calls == [("set_pause", WORKER, "30"), ("set_pause", WORKER, "1")]
    assert live.records.history().loops == ()


def test_the_next_push_says_what_went_wrong_with_the_live_release(live: FakeMachine) -> None:
    crashing(live, WORKER)
    live.clock.sleep(100)
    look_after(live, APP, None)
    live.records.note_history(revived=1, at=live.clock.now())
    live.clock.sleep(180)

    live.push("two", WITH_WORKER)

    warned = [event for event in live.watching.events if isinstance(event, Warned)]
    assert warned == [
        Warned(
            "worker.1 of v1 has been crash-looping for 3m", "pushdeploy logs -p worker.1 --app blog"
        ),
        Warned(
            "web.1 of v1 hung and was restarted once, 3m ago",
            "pushdeploy logs -p web.1 --app blog",
        ),
    ]
    assert live.watching.names()[1] == "warning"
    live.push("three", WITH_WORKER)
    assert "warning" not in live.watching.names()
