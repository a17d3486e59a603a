"""What runs as the build user for build steps, as a program: copies, runs, and says which."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pushdeploy.build.run_steps import STEPPER
from pushdeploy.model.node_build import node_commands, read_package_json
from pushdeploy.model.step_said import MARK

LOCK = {"name": "x", "lockfileVersion": 3, "packages": {"": {"name": "x"}}}
PACKAGE = {"name": "x", "scripts": {"build": "node build.js"}}
BUILD = "require('fs').writeFileSync('bundle.js', process.env.KEY || 'none')\n"


def run(
    tmp_path: Path, *lines: str, hook: str = "", without: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the lines in a copy of `source`."""
    made = tmp_path / "made"
    made.mkdir()
    plan = {
        "source": str(tmp_path / "source"),
        "code": str(made),
        "steps": [{"argv": ["/bin/bash", "--norc", "-c", line], "hook": hook} for line in lines],
        "without": without,
    }
    return subprocess.run(
        [sys.executable, "-c", STEPPER, json.dumps(plan)],
        env={**os.environ, "HOME": str(tmp_path), "KEY": "value"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A slug."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "app.py").write_text("x")
    return folder


def test_steps_run_in_a_copy_one_after_the_other(tmp_path: Path, source: Path) -> None:
    done = run(tmp_path, "echo one >made.txt", "cat made.txt app.py; echo changed >app.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout == f'{MARK}{{"begun": 0}}\n{MARK}{{"begun": 1}}\none\nx'
    assert (source / "app.py").read_text() == "x"
    assert (tmp_path / "made" / "app.py").read_text() == "changed\n"


def test_nothing_runs_after_a_step_that_failed(tmp_path: Path, source: Path) -> None:
    done = run(tmp_path, "exit 7", "echo two")

    assert (done.returncode, done.stdout) == (7, f'{MARK}{{"begun": 0}}\n')


def test_a_hook_that_is_not_executable_and_has_no_first_line_is_run_by_bash(
    tmp_path: Path, source: Path
) -> None:
    (source / "hook").write_text("[[ 1 == 1 ]] && echo hooked\n")

    done = run(tmp_path, "./hook", hook="hook")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("hooked\n")


def test_folders_that_no_release_needs_go_unless_the_tree_has_them(
    tmp_path: Path, source: Path
) -> None:
    (source / "kept").mkdir()

    done = run(tmp_path, "mkdir node_modules", without=("node_modules", "kept"))

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["app.py", "kept"]


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_npm_builds_a_front_end(tmp_path: Path, source: Path) -> None:
    (source / "package.json").write_text(json.dumps(PACKAGE))
    (source / "package-lock.json").write_text(json.dumps(LOCK))
    (source / "build.js").write_text(BUILD)
    node = read_package_json(json.dumps(PACKAGE), {"package-lock.json"})

    done = run(tmp_path, *node_commands(node, {"npm"}), without=("node_modules",))

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made" / "bundle.js").read_text() == "value"
