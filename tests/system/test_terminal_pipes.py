"""Pipes in the place of terminals, at a real terminal and with a real process behind them."""

from __future__ import annotations

import os
import pty
import sys
import threading

import pytest

from pushdeploy.system.command import Command, start
from pushdeploy.system.terminal_pipes import without_terminals
from tests.system.supervised import eventually

NAMES_ITS_OWN = (
    "import os, sys\n"
    "for one in (0, 1, 2): print(one, os.isatty(one), os.readlink(f'/proc/self/fd/{one}'))\n"
    "sys.exit(7)"
)
LINES = 40_000
IN_THE_BACKGROUND = """
set -m
"$0" -c "$1" > /dev/null &
read line
echo "shell got $line"
read line
jobs
echo "shell got $line"
fg > /dev/null
echo "status $?"
"""
CALLER = """
import sys
from tests.system.test_terminal_pipes import run
job = "import os, sys; os.write(2, b'ready ' + input().encode()); sys.exit(7)"
print("begun", file=sys.stderr, flush=True)
sys.exit(run(job, (0, 1, 2)))
"""


class Screen:
    """A terminal, and all that was shown at it."""

    def __init__(self) -> None:
        self.keyboard, self.terminal = pty.openpty()
        self._shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while part := os.read(self.keyboard, 1 << 14):
                self._shown += part
        except OSError:  # its last user has gone (pty(7))
            pass

    def until(self, word: str) -> None:
        """Wait until a word was shown."""
        eventually(lambda: word.encode() in self._shown, f"`{word}` is shown")

    def close(self) -> str:
        """Everything that was shown."""
        os.close(self.terminal)
        self._reader.join(20)
        os.close(self.keyboard)
        return self._shown.decode().replace("\r\n", "\n")


@pytest.fixture
def screen() -> Screen:
    """One for a test."""
    return Screen()


def run(script: str, descriptors: tuple[int, int, int]) -> int:
    """A job of a caller who has these descriptors; its exit status."""
    with without_terminals(descriptors) as (stdin, stdout, stderr):
        line = Command([sys.executable, "-c", script])
        return start(line, stdin=stdin, stdout=stdout, stderr=stderr).wait(20)


@pytest.mark.parametrize("piped", [0, 1, 2])
def test_with_one_end_a_pipe_the_job_holds_no_terminal(screen: Screen, piped: int) -> None:
    reading, writing = os.pipe()
    ends = [screen.terminal] * 3
    ends[piped] = reading if piped == 0 else writing

    status = run(NAMES_ITS_OWN, (ends[0], ends[1], ends[2]))

    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = screen.close() + pipe.read().decode()
    held = [line.split() for line in said.splitlines()]
    assert [(one, is_terminal) for one, is_terminal, _ in held] == [
        (str(one), "False") for one in range(3)
    ]
    assert all(name.startswith("pipe:") for *_, name in held)
    assert status == 7


def test_what_is_no_terminal_is_handed_over_as_it_is() -> None:
    reading, writing = os.pipe()

    with without_terminals((reading, writing, writing)) as handed:
        assert handed == (reading, writing, writing)

    os.close(reading)
    os.close(writing)


def test_all_that_a_job_printed_is_shown_in_order_though_its_child_goes_on(screen: Screen) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    reading, writing = os.pipe()  # ends the child at the end of the test
    script = (
        "import os, sys\n"
        f"for n in range({LINES}): os.write(1 + n % 2, b'%d\\n' % n)\n"
        f"if os.fork() == 0: os.read({reading}, 1)"
    )

    with without_terminals((nothing, screen.terminal, screen.terminal)) as (stdin, stdout, stderr):
        line = Command([sys.executable, "-c", script], pass_fds=(reading,))
        status = start(line, stdin=stdin, stdout=stdout, stderr=stderr).wait(20)

    shown = screen.close()
    os.close(writing)
    os.close(reading)
    os.close(nothing)
    assert status == 0
    assert shown.split() == [str(n) for n in range(LINES)]


def test_what_is_typed_arrives_up_to_its_end(screen: Screen) -> None:
    reading, writing = os.pipe()
    os.write(screen.keyboard, b"one\ntwo\n\x04")

    status = run("import sys; print(sys.stdin.readlines())", (screen.terminal, writing, writing))

    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        assert said.read() == b"['one\\n', 'two\\n']\n"
    screen.close()
    assert status == 0


def test_what_is_typed_after_the_job_is_left_to_the_next(screen: Screen) -> None:
    reading, writing = os.pipe()

    run("pass", (screen.terminal, writing, writing))
    os.write(screen.keyboard, b"secret\n")

    assert os.read(screen.terminal, 100) == b"secret\n"
    screen.close()
    os.close(reading)
    os.close(writing)


def test_in_the_background_nothing_is_read_and_nobody_stopped(screen: Screen) -> None:
    argv = ["bash", "-c", IN_THE_BACKGROUND, sys.executable, CALLER]
    line = Command(["setsid", "--ctty", "--wait", *argv])
    ends = screen.terminal
    shell = start(line, stdin=ends, stdout=ends, stderr=ends)

    screen.until("begun")
    os.write(screen.keyboard, b"one\n")
    screen.until("shell got one")
    os.write(screen.keyboard, b"two\n")
    screen.until("shell got two")
    os.write(screen.keyboard, b"three\n")
    screen.until("status")
    shell.wait(20)

    shown = screen.close()
    assert "Running" in shown
    assert "ready three" in shown
    assert "status 7" in shown
