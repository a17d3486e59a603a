"""The one door to other programs, asked with real ones."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.system.command import (
    MOST_LINES,
    OUTPUT_LIMIT,
    Command,
    attempt,
    feed,
    run,
    stream,
)
from pushdeploy.system.processes import alive
from pushdeploy.system.waiting import start_waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_SECONDS = 10.0


def shell(text: str) -> Command:
    """A line for the shell of the test."""
    return Command(["sh", "-c", text])


def until(condition: Callable[[], object]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_a_command_is_shown_as_one_would_type_it() -> None:
    assert str(Command(["echo", "two words", "$x"])) == "echo 'two words' '$x'"


def test_output_and_status_come_back() -> None:
    output = attempt(shell("echo out; echo err >&2; exit 3"))

    assert (output.status, output.stdout, output.stderr) == (3, "out\n", "err\n")


def test_a_failure_says_the_last_line() -> None:
    with pytest.raises(CommandFailedError) as failure:
        run(shell("echo first >&2; echo last >&2; exit 3"))

    assert failure.value.message == "`sh` failed with status 3: last"
    assert failure.value.status == 3
    assert failure.value.output == "first\nlast"


def test_a_program_that_is_missing_is_named() -> None:
    for asked in (run, attempt, lambda line: stream(line, print, seconds=1), start_waiting):
        with pytest.raises(UnavailableError, match="`no-such-program`"):
            asked(Command(["no-such-program", "x"]))


def test_arguments_are_never_words_for_a_shell() -> None:
    output = run(Command(["printf", "%s|", "a b", "$(id)", "*", ""]))

    assert output.stdout == "a b|$(id)|*||"


def test_the_environment_is_the_one_given() -> None:
    output = run(Command([sys.executable, "-c", "import os; print(*os.environ)"], {"ONE": "1"}))

    assert "ONE" in output.stdout.split()
    assert "HOME" not in output.stdout.split()


def test_the_folder_and_the_umask_are_those_given(tmp_path: Path) -> None:
    run(Command(["sh", "-c", "touch file"], folder=tmp_path, umask=0o077))

    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_words_come_in_by_stdin() -> None:
    assert run(Command(["cat"], stdin="größer")).stdout == "größer"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_another_user_runs_it_with_his_own_groups_alone() -> None:
    output = run(Command(["id", "--name", "--user"], user="nobody", folder=None))
    groups = run(Command(["id", "--groups"], user="nobody"))

    assert output.stdout == "nobody\n"
    assert "0" not in groups.stdout.split()


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandFailedError, match="did not finish within 0 s") as failure:
        attempt(Command(["sleep", "60"]), seconds=0.2)

    assert failure.value.status == 124


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert run(Command(["printf", r"a\377b"])).stdout == "a\N{REPLACEMENT CHARACTER}b"


def test_of_endless_output_the_end_is_kept() -> None:
    output = run(shell("head --bytes=3000000 /dev/zero | tr '\\0' x; echo end"))

    assert len(output.stdout) == OUTPUT_LIMIT
    assert output.stdout.endswith("xend\n")


def test_lines_of_both_streams_come_in_their_order() -> None:
    lines: list[str] = []

    status = stream(shell("echo 1; echo 2 >&2; printf '3\\r\\n4'; exit 5"), lines.append, seconds=9)

    assert (status, lines) == (5, ["1", "2", "3", "4"])


def test_lines_come_while_the_program_runs() -> None:
    began = time.monotonic()
    times: list[float] = []

    stream(shell("echo 1; sleep 0.5; echo 2"), lambda _: times.append(time.monotonic()), seconds=9)

    assert times[0] - began < times[1] - began
    assert times[1] - times[0] > 0.3


def test_more_lines_than_anybody_reads_are_dropped_and_said_to_be() -> None:
    lines: list[str] = []

    status = stream(shell("yes 0123456789 | head --lines=500000"), lines.append, seconds=30)

    assert status == 0
    assert sum(map(len, lines)) < 2 * OUTPUT_LIMIT
    assert lines[-1].startswith("(more than 1 MiB of output")


def test_empty_lines_are_dropped_too_when_there_are_more_than_anybody_reads() -> None:
    lines: list[str] = []

    status = stream(shell("yes '' | head --lines=200000; exit 3"), lines.append, seconds=30)

    assert status == 3
    assert len(lines) == MOST_LINES + 1
    assert lines[-1].startswith("(more than 1 MiB of output or 20,000 lines")


def test_a_line_without_an_end_is_not_kept_in_memory() -> None:
    longest = 0

    def look(line: str) -> None:
        nonlocal longest
        longest = max(longest, len(line))

    status = stream(shell("head --bytes=20000000 /dev/zero | tr '\\0' x"), look, seconds=30)

    assert status == 0
    assert longest < 1 << 18


def test_its_time_over_the_whole_family_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    line = shell(f"sleep 60 & echo $! > {note}; echo started; wait")

    with pytest.raises(CommandFailedError, match="did not finish within"):
        stream(line, lambda _: None, seconds=0.5)

    until(lambda: not alive(int(note.read_text())))


def test_a_grandchild_that_keeps_the_output_open_does_not_keep_us(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    line = shell(f"setsid sleep 60 & echo $! > {note}; echo started")
    lines: list[str] = []

    status = stream(line, lines.append, seconds=30)

    assert (status, lines) == (0, ["started"])
    with suppress(ProcessLookupError):
        os.kill(int(note.read_text()), signal.SIGKILL)


def test_a_reader_that_fails_ends_the_program(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def fail(_: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stream(shell(f"echo $$ > {note}; echo 1; sleep 60"), fail, seconds=30)

    until(lambda: not alive(int(note.read_text())))


def test_a_program_that_waits_gets_its_words_later() -> None:
    waiting = start_waiting(Command(["cat"]))

    output = waiting.finish("hello", seconds=9)

    assert (output.status, output.stdout) == (0, "hello")


def test_a_program_that_waits_too_long_is_ended_with_its_family(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    waiting = start_waiting(shell(f"sleep 60 & echo $! > {note}; wait"))

    with pytest.raises(CommandFailedError, match="did not finish within"):
        waiting.finish("", seconds=0.5)

    until(lambda: not alive(int(note.read_text())))


def test_what_is_fed_need_not_be_read() -> None:
    assert feed(Command(["true"]), b"x" * 1_000_000) == 0
    assert feed(Command(["sh", "-c", "kill -TERM $$"]), b"") == 143
