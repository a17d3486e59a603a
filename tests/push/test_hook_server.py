"""A hook is done by a child of the wrapper, with the hook's own files, folder and environment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pushdeploy.push.hook_client import WRAPPER, hand_over
from pushdeploy.system.command import Command, Output, attempt

if TYPE_CHECKING:
    from pathlib import Path

HOOK = """
import sys
from pushdeploy.push.hook_client import hand_over
status = hand_over()
sys.exit(99 if status is None else status)
"""

WRAPPER_PROGRAM = """
import os, socket, subprocess, sys
from pushdeploy.push.hook_server import take_over

def pre_receive():
    print(os.getpid() != wrapper, os.path.basename(os.getcwd()), os.environ.get("GIT_DIR"))
    print(os.environ.get("LEFT_BEHIND"), sys.stdin.read().strip(), flush=True)
    {}

wrapper = os.getpid()
os.environ["LEFT_BEHIND"] = "in the wrapper"
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
theirs.set_inheritable(True)
hook = subprocess.Popen(
    [sys.executable, "pre-receive"],
    stdin=subprocess.PIPE,
    env={{"PUSHDEPLOY_WRAPPER": str(theirs.fileno()), "GIT_DIR": "repo.git"}},
    cwd=sys.argv[1],
    close_fds=False,
)
theirs.close()
hook.stdin.write(b"old new ref")
hook.stdin.close()
take_over(ours, {{"pre-receive": pre_receive}})
sys.exit(hook.wait())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the hook lies and runs."""
    made = tmp_path / "repo"
    made.mkdir()
    (made / "pre-receive").write_text(HOOK)
    return made


def wrapped(folder: Path, end: str) -> Output:
    """What a hook prints and exits with whose taken-over body ends so."""
    program = WRAPPER_PROGRAM.format(end)
    return attempt(Command([sys.executable, "-c", program, str(folder)]), seconds=30)


def test_a_hook_is_a_child_of_the_wrapper_with_its_own_surroundings(folder: Path) -> None:
    done = wrapped(folder, "return 3")

    assert done.stdout.splitlines() == ["True repo repo.git", "None old new ref"]
    assert done.status == 3


def test_a_hook_whose_body_fails_fails(folder: Path) -> None:
    done = wrapped(folder, "raise ValueError('our bug')")

    assert done.status == 1
    assert "ValueError: our bug" in done.stderr


def test_a_hook_whose_body_is_killed_does_its_work_itself(folder: Path) -> None:
    done = wrapped(folder, "os.kill(os.getpid(), 9)")

    assert done.status == 99


def test_a_hook_without_a_wrapper_does_its_work_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WRAPPER, raising=False)

    assert hand_over() is None
