"""Every fail point is reached by exactly one step, and struck by some test."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import pushdeploy
from pushdeploy.system.failpoints import VARIABLE, Action, Point
from tests.host import (
    test_points_clients,
    test_points_disk,
    test_points_kills,
    test_points_restart,
)
from tests.host.struck import DEPLOY, ROLLBACK, UNCONFIRMED
from tests.host.struck_backup import (
    CREATE,
    KEEP,
    PAUSE,
    RESTORE,
    RESTORE_ALL,
    RESTORE_DATABASE,
    RESTORE_NEEDS,
    SET,
)
from tests.host.struck_proxy import CERTIFICATE, SITE
from tests.host.struck_reconcile import AFTER_A_KILL, AT_BOOT, OF_A_HUNG_APP
from tests.tiers import SLOW

PACKAGE = Path(pushdeploy.__file__).parent


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call in a file with the name that is called."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            found.append((name, node))
    return found


def test_each_point_is_reached_in_one_place() -> None:
    reached = Counter(
        ast.unparse(node.args[0]).removeprefix("Point.")
        for path in PACKAGE.rglob("*.py")
        for name, node in calls(path)
        if name == "reached"
    )

    assert reached == Counter({point.name: 1 for point in Point})


def test_each_point_is_struck_by_some_test_on_a_real_host() -> None:
    struck = [*DEPLOY, *ROLLBACK, *UNCONFIRMED, *AFTER_A_KILL, *AT_BOOT, *OF_A_HUNG_APP]

    backups = [
        *SET,
        *KEEP,
        *CREATE,
        *PAUSE,
        *RESTORE,
        *RESTORE_ALL,
        *RESTORE_DATABASE,
        *RESTORE_NEEDS,
    ]
    assert {*struck, *SITE, *CERTIFICATE, *backups} == set(Point)


@pytest.mark.skipif(SLOW, reason="all pairs are tried then")
def test_each_point_of_a_deploy_is_struck_at_every_change_of_the_code() -> None:
    struck: set[Point] = set()
    for file in (test_points_kills, test_points_clients, test_points_disk, test_points_restart):
        (mark,) = file.test_a_deploy_survives.pytestmark  # type: ignore[attr-defined]
        struck |= {pair.values[0] for pair in mark.args[1] if not pair.marks}

    assert struck == set(DEPLOY)


def strike(action: Action, here: Point = Point.WEB_HEALTHY) -> subprocess.CompletedProcess[str]:
    """A process that passes one point with a fault set for `web.healthy`."""
    code = f"from pushdeploy.system.failpoints import Point, reached; reached(Point({str(here)!r}))"
    return subprocess.run(
        [sys.executable, "-c", f"{code}; print('passed')"],
        env={**os.environ, VARIABLE: f"{Point.WEB_HEALTHY}:{action}"},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


@pytest.mark.parametrize("action", [Action.KILL, Action.KILL_GROUP])
def test_a_process_is_killed_at_the_point(action: Action) -> None:
    assert strike(action).returncode == -signal.SIGKILL


def test_the_disk_is_full_at_the_point() -> None:
    assert "No space left on device" in strike(Action.NO_SPACE).stderr


def test_a_process_stops_itself_at_the_point_and_can_go_on() -> None:
    code = f"from pushdeploy.system.failpoints import *; reached(Point({str(Point.WEB_HEALTHY)!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}; print('went on')"],
        env={**os.environ, VARIABLE: f"{Point.WEB_HEALTHY}:{Action.STOP}"},
        stdout=subprocess.PIPE,
        text=True,
    )

    _, status = os.waitpid(process.pid, os.WUNTRACED)
    process.send_signal(signal.SIGCONT)

    assert os.WIFSTOPPED(status)
    assert process.communicate()[0] == "went on\n"


def test_another_point_is_passed() -> None:
    assert strike(Action.KILL, Point.WEB_STARTED).stdout == "passed\n"


def test_each_point_stands_on_the_page_that_says_what_was_struck() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/reliability.md").read_text()

    assert {point for point in Point if f"`{point}`" not in page} == set()
