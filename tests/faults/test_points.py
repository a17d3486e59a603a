"""Every fault point is reached by exactly one step, and every step that matters has one."""

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
from pushdeploy.system.faults import VARIABLE, Action, Point

PACKAGE = Path(pushdeploy.__file__).parent

# What changes something that outlives the process. A new one needs a point next to it.
LASTING = {"point", "rename", "write_text", "create_all", "note_history", "save_settings", "forget"}

# Their callers are not steps: records themselves, the hands, and what only repairs.
NOT_STEPS = {
    *("journal.py", "apps.py", "reconcile.py", "lookup.py", "maintenance.py", "converge.py"),
    *("instances.py", "mend.py", "renew.py"),
}


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


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((PACKAGE / "deploy").glob("*.py")) if path.name not in NOT_STEPS],
    ids=lambda path: path.stem,
)
def test_a_step_that_changes_something_lasting_has_a_point(path: Path) -> None:
    names = [name for name, _ in calls(path)]

    if LASTING & set(names):
        assert "reached" in names


def strike(action: Action, here: Point = Point.WEB_HEALTHY) -> subprocess.CompletedProcess[str]:
    """A process that passes one point with a fault set for `web.healthy`."""
    code = f"from pushdeploy.system.faults import Point, reached; reached(Point({str(here)!r}))"
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


def test_another_point_is_passed() -> None:
    assert strike(Action.KILL, Point.WEB_STARTED).stdout == "passed\n"
