"""What `systemctl show` says, read as statuses."""

from __future__ import annotations

import time

import pytest

from pushdeploy.model.instance import State
from pushdeploy.system.unit_status import read_statuses

UP = """\
Id=pushdeploy-my_blog.v12.web.service
ActiveState=active
SubState=running
MainPID=77
NRestarts=2
RestartUSec=1s
ActiveEnterTimestampMonotonic=5000000
ExecMainExitTimestampMonotonic=0
"""
LOOPING = """\
Id=pushdeploy-my_blog.v12.worker.3.service
ActiveState=activating
SubState=auto-restart
MainPID=0
NRestarts=17
RestartUSec=30s
ActiveEnterTimestampMonotonic=5000000
ExecMainExitTimestampMonotonic=6000000
"""
BRIDGE = UP.replace(".web.", ".bridge.")


def test_what_runs_is_read() -> None:
    (one,) = read_statuses(UP)

    assert (one.name, one.release, one.state) == ("web.1", 12, State.UP)
    assert (one.pid, one.restarts, one.slowed) == (77, 2, False)
    assert one.last_restart == one.since
    assert one.ended is None


def test_what_waits_for_its_next_start_has_crashed() -> None:
    (one,) = read_statuses(LOOPING)

    assert (one.name, one.state, one.pid) == ("worker.3", State.CRASHED, None)
    assert (one.restarts, one.slowed) == (17, True)
    assert one.ended is not None
    assert one.since is not None
    assert one.last_restart == one.ended
    assert one.ended - one.since == pytest.approx(1, abs=0.5)
    assert one.ended == pytest.approx(time.time() - time.monotonic() + 6, abs=60)


def test_what_never_fell_has_no_last_restart() -> None:
    (one,) = read_statuses(UP.replace("NRestarts=2", "NRestarts=0"))

    assert one.last_restart is None


def test_units_that_are_no_instances_are_passed_over() -> None:
    names = [one.name for one in read_statuses(f"{BRIDGE}\n{UP}\n{LOOPING}\n")]

    assert names == ["web.1", "worker.3"]


def test_what_is_queued_to_start_is_starting_and_not_down() -> None:
    queued = UP.replace("=active", "=inactive").replace("=running", "=dead").replace("=77", "=0")

    (down,), (starting,) = read_statuses(queued), read_statuses(f"{queued}Job=512\n")

    assert (down.state, starting.state) == (State.DOWN, State.STARTING)
