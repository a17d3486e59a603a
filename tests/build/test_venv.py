"""What runs as the build user says which limit ended it."""

import subprocess
import sys
from pathlib import Path

import pytest

from pushdeploy.build.builder import PRIVATE
from pushdeploy.build.venv import COMPLETE, OUT_OF_MEMORY, OUT_OF_TASKS, explained
from pushdeploy.model.job import PRIVATE_VARIABLE
from pushdeploy.system.refused_forks import Hits


@pytest.mark.parametrize(
    ("status", "hits", "said"),
    [
        (2, Hits(), 2),
        (2, Hits(killed=1), OUT_OF_MEMORY),
        (-9, Hits(killed=1, refused_forks=7), OUT_OF_MEMORY),
        (2, Hits(refused_forks=7), OUT_OF_TASKS),
        (0, Hits(killed=1, refused_forks=7), 0),
    ],
)
def test_a_failed_build_names_the_limit_that_it_met(status: int, hits: Hits, said: int) -> None:
    assert explained(status, hits) == said


LOOKS = """
from pushdeploy.build.builder import PRIVATE
from pushdeploy.build.venv import end_bomb
from pushdeploy.model.job import PRIVATE_VARIABLE
from pushdeploy.system.refused_forks import Hits

def look():
    count = next(counts)
    print(count, flush=True)
    return Hits(refused_forks=count)

counts = iter([0, 7, 999, 1000, 1001])
end_bomb(look, every=0)
"""


def test_a_build_that_forks_without_end_is_ended_when_it_was_refused_a_thousand_times() -> None:
    argv = [sys.executable, "-I", "-c", LOOKS]

    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (OUT_OF_TASKS, "")
    assert ended.stdout.split() == ["0", "7", "999", "1000"]


def builder(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """What the build's job runs."""
    argv = [sys.executable, "-I", "-m", "pushdeploy.build.builder", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Where one is to be made."""
    folder = tmp_path / "venv"
    folder.mkdir()
    return folder


def make(venv: Path) -> list[str]:
    """A command that makes it empty, as slowly as uv on a bad day."""
    return ["/bin/sh", "-c", f"sleep 0.3; mkdir -p {venv}/lib/python3.11/site-packages"]


def test_packages_are_installed_into_a_venv_that_is_there(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    install = f"cp requirements.txt {venv}/lib/python3.11/site-packages/"

    built = builder(venv, tmp_path, *make(venv), "--", "/bin/sh", "-c", install)

    assert (built.returncode, built.stderr) == (0, "")
    packages = venv / "lib/python3.11/site-packages"
    assert (packages / "requirements.txt").read_text() == "flask\n"
    assert "LISTEN_PID" in (packages / "pushdeploy_socket.pth").read_text()
    assert (venv / COMPLETE).exists()


def test_pythons_that_ignore_the_line_find_a_function_that_does_the_same(
    venv: Path, tmp_path: Path
) -> None:
    """Python 3.15 calls it (PEP 829); here it is called by hand."""
    builder(venv, tmp_path, *make(venv), "--", "/bin/true")
    packages = venv / "lib/python3.11/site-packages"
    module, _, function = (packages / "pushdeploy_socket.start").read_text().strip().partition(":")
    code = f"import os, sys, {module}; {module}.{function}(); "
    code += "own = os.environ['LISTEN_PID'] == str(os.getpid()); "
    code += "print(own, 'pushdeploy_socket' in sys.modules)"

    said = [
        subprocess.run(
            [sys.executable, "-S", "-c", code],
            env={"PYTHONPATH": str(packages), "LISTEN_PID": "1", **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for variables in ({"LISTEN_FDS": "1"}, {})
    ]

    assert said == [["True", "True"], ["False", "False"]]


@pytest.mark.parametrize(
    ("first", "second", "status", "words"),
    [
        (["/bin/sh", "-c", "echo no room >&2; exit 3"], ["/bin/true"], 3, "no room"),
        (["/bin/true"], ["/bin/sh", "-c", "echo no flask; exit 4"], 4, "no flask"),
        (["/bin/true"], ["/nowhere/uv"], 1, "/nowhere/uv"),
        (["/nowhere/uv"], ["/bin/true"], 1, "/nowhere/uv"),
    ],
)
def test_what_fails_is_said_and_leaves_the_venv_incomplete(
    venv: Path, first: list[str], second: list[str], status: int, words: str
) -> None:
    built = builder(venv, venv, *first, "--", *second)

    assert built.returncode == status
    assert words in built.stdout + built.stderr
    assert not (venv / COMPLETE).exists()


def test_the_builder_imports_nothing_while_uv_waits_for_it() -> None:
    show = "import sys; before = set(sys.modules); import pushdeploy.build.builder; "
    show += "print(*set(sys.modules) - before)"
    shown = subprocess.run(
        [sys.executable, "-I", "-c", show], capture_output=True, text=True, check=True
    )

    assert set(shown.stdout.split()) <= {
        "pushdeploy",
        "pushdeploy.build",
        "pushdeploy.build.builder",
        "__future__",
    }


def test_the_private_part_of_the_environment_is_read_from_the_jobs_file(
    venv: Path, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    private.write_bytes(b"UV_INDEX=https://x\ny\0TOKEN=\0")
    show = ["/bin/sh", "-c", 'printf "%s" "$UV_INDEX|$TOKEN|$PUSHDEPLOY_PRIVATE|"']
    argv = [sys.executable, "-I", "-m", "pushdeploy.build.builder", str(venv), str(venv), *show]

    built = subprocess.run(
        argv,
        env={"PUSHDEPLOY_PRIVATE": str(private)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (built.returncode, built.stdout) == (0, "https://x\ny|||")


def test_the_builder_knows_the_name_of_the_variable() -> None:
    assert PRIVATE == PRIVATE_VARIABLE
