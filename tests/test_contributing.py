"""What a contributor meets: what is installed where, and what runs before a commit and in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def script(path: Path, text: str) -> None:
    """A program that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout on a machine without nginx, where we are root and apt-get refuses to work."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "dirname", "mkdir", "cat"):
        (programs / name).symlink_to(shutil.which(name) or name)
    script(programs / "id", "echo 0")
    script(programs / "flock", "echo 'going on with the venv' >&2; exit 3")
    script(programs / "apt-get", 'echo "apt-get was called: $*"; exit 1')
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "prepare", tmp_path / "tests")
    return tmp_path


def prepare(machine: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What `tests/prepare` does there."""
    return subprocess.run(
        [machine / "tests" / "prepare", *options],
        env={"PATH": str(machine / "programs")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_debian_packages_are_named_before_they_are_installed(machine: Path) -> None:
    done = prepare(machine)

    said = done.stderr
    assert done.returncode == 1
    assert "make test" in said.splitlines()[0]
    named = said.index("Installing these Debian packages on this machine:")
    assert named < said.index("nginx-light") < said.index("apt-get was called: update")


def test_a_venv_alone_installs_no_debian_package(machine: Path) -> None:
    done = prepare(machine, "--venv")

    assert done.stderr == "going on with the venv\n"
    assert done.returncode == 3


def test_an_unknown_option_is_refused_before_anything_is_done(machine: Path) -> None:
    done = prepare(machine, "--everything")

    assert done.returncode == 64
    assert "`--everything` is not an option" in done.stderr
    assert not (machine / ".cache").exists()


def test_the_hooks_before_a_commit_find_what_ci_finds(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import os\n")
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "bad.py"], cwd=tmp_path, check=True)

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--files", "bad.py"],
        cwd=tmp_path,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "SKIP": "mypy"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "F401" in done.stdout
    assert "ruff format" in done.stdout
    assert not (tmp_path / "home" / "repos").exists()


def test_the_public_ci_runs_what_lands_a_change() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())

    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    ran = " ".join(step.get("run", "") for step in steps)
    assert ".ci/run" in ran.split()
    assert workflow["permissions"] == {"contents": "read"}
