"""However much a program prints, what is kept of it has bounds, and who stops listening ends it."""

import os
import sys
from contextlib import closing

import pytest

from pushdeploy.errors import CommandFailedError
from pushdeploy.system.command import Command, attempt
from pushdeploy.system.pieces import pieces

ENDLESS = "import sys\nwhile True: sys.stdout.write('x' * 9999 + '\\0')"
LIMIT = 1000


def python(text: str, stdin: str = "") -> Command:
    """A program."""
    return Command([sys.executable, "-I", "-c", text], stdin=stdin)


def test_the_last_bytes_of_both_outputs_are_kept() -> None:
    text = "import sys; sys.stdout.write('a' * 3000000 + 'end'); sys.stderr.write('b' * 70000)"

    output = attempt(python(text), limit=LIMIT)

    assert output.status == 0
    assert output.stdout == "a" * (LIMIT - 3) + "end"
    assert output.stderr == "b" * LIMIT


def test_much_stdin_is_given_while_output_is_read() -> None:
    text = "import sys; data = sys.stdin.read(); print(len(data)); sys.stdout.write('x' * 900000)"

    output = attempt(python(text, stdin="y" * 5_000_000), limit=1 << 20)

    assert output.stdout.startswith("5000000\n")
    assert len(output.stdout) == 900_008


def test_who_does_not_read_its_stdin_is_judged_by_its_status() -> None:
    output = attempt(python("raise SystemExit(3)", stdin="y" * 5_000_000))

    assert output.status == 3


def test_who_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandFailedError, match="did not finish within 1 s"):
        attempt(python("import time; time.sleep(1000)"), seconds=1)


def test_who_has_closed_its_outputs_and_goes_on_is_ended_too() -> None:
    text = "import os, time; os.close(1); os.close(2); time.sleep(1000)"

    with pytest.raises(CommandFailedError, match="did not finish within 1 s"):
        attempt(python(text), seconds=1)


def test_records_come_one_by_one_and_who_stops_asking_ends_the_program() -> None:
    text = f"import os; print(os.getpid(), end='\\0', flush=True)\n{ENDLESS}"

    with closing(pieces(python(text), separator=b"\0", seconds=60, longest=99_999)) as found:
        pid = int(next(found))
        assert next(found) == "x" * 9999

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_records_without_end_are_not_kept() -> None:
    text = "import sys\nwhile True: sys.stdout.write('x' * 9999)"

    with pytest.raises(CommandFailedError):
        list(pieces(python(text), separator=b"\0", seconds=60, longest=LIMIT))


def test_a_program_of_records_that_fails_says_why() -> None:
    text = "import sys; print('a', end='\\0'); sys.exit('no such tree')"

    with pytest.raises(CommandFailedError, match="no such tree"):
        list(pieces(python(text), separator=b"\0", seconds=60, longest=LIMIT))
