"""What a program prints is heard on its way, and arrives as it was."""

from __future__ import annotations

import os
import pty
import sys
import termios
import threading

from pushdeploy.system.command import Command, start
from pushdeploy.system.overheard import KEPT, Heard, overheard
from tests.system.supervised import eventually

BYTES = bytes(range(256)) * 1_000
ERR = """
import os
data = bytes(range(256)) * 1_000
while data:
    data = data[os.write(2, data):]
"""
BOTH = "import os\nfor one in range(400): os.write(1 + one % 2, b'%d\\n' % one)"
ASKS = (
    "import os, sys\n"
    "print(os.ttyname(0), os.get_terminal_size(), flush=True)\n"
    "print('\\x1b[31mgot\\x1b[0m', input(), flush=True)\n"
    "sys.exit(3)"
)


class Sink:
    """A pipe, and all that came out of it."""

    def __init__(self) -> None:
        reader, self.end = os.pipe()
        self.got = b""
        self._thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._thread.start()

    def _read(self, reader: int) -> None:
        with os.fdopen(reader, "rb", buffering=0) as file:
            while part := file.read(1 << 14):
                self.got += part

    def all(self) -> bytes:
        """What came until now, once nobody writes any more."""
        os.close(self.end)
        self._thread.join()
        return self.got


def run(
    code: str, descriptors: tuple[int, int, int], heard: Heard, *, terminal: bool = False
) -> int:
    """Run Python as `run` does; returns its exit status."""
    with overheard(descriptors, heard, terminal=terminal) as (stdin, stdout, stderr):
        line = ["setsid", "--ctty", "--wait"] if terminal else []
        command = Command([*line, sys.executable, "-c", code])
        return start(command, stdin=stdin, stdout=stdout, stderr=stderr, new_session=False).wait()


def test_each_byte_arrives_and_the_last_are_heard() -> None:
    out, err, heard = Sink(), Sink(), Heard()

    status = run(ERR, (os.open(os.devnull, os.O_RDONLY), out.end, err.end), heard)

    assert status == 0
    assert err.all() == BYTES
    assert out.all() == b""
    assert heard.text
    assert len(heard.text.encode("utf-8", "replace")) >= KEPT // 2


def test_stdout_is_handed_over_itself_and_not_heard() -> None:
    out, err, heard = Sink(), Sink(), Heard()

    with overheard((0, out.end, err.end), heard, terminal=False) as handed:
        assert handed[:2] == (0, out.end)
        assert handed[2] != err.end
        os.write(handed[1], b"data")

    assert out.all() == b"data"
    assert heard.text == ""


def test_stdout_and_stderr_in_one_keep_the_order_of_their_lines() -> None:
    both, heard = Sink(), Heard()

    run(BOTH, (os.open(os.devnull, os.O_RDONLY), both.end, both.end), heard)

    assert both.all().split() == [b"%d" % one for one in range(400)]
    assert heard.text.split()[-1] == "399"


def test_a_program_sees_that_nobody_reads_its_errors() -> None:
    reader, err = os.pipe()
    os.close(reader)

    with overheard((0, 1, err), Heard(), terminal=False) as (_, _, handed):
        os.write(handed, b"the first is taken\n")

        def is_refused() -> bool:
            try:
                os.write(handed, b"x")
            except BrokenPipeError:
                return True
            return False

        eventually(is_refused, "a write is refused")


def test_who_goes_on_holding_stderr_keeps_nobody_waiting() -> None:
    err, heard = Sink(), Heard()

    with overheard((0, 1, err.end), heard, terminal=False) as (_, _, handed):
        held = os.dup(handed)
        os.write(held, b"last words")

    assert heard.text == "last words"
    os.close(held)


def test_nothing_comes_between_a_program_and_dev_null() -> None:
    null = os.open(os.devnull, os.O_RDWR)

    with overheard((null, 1, null), Heard(), terminal=False) as handed:
        assert handed == (null, 1, null)


def test_at_a_terminal_keys_and_output_pass_and_it_is_as_before() -> None:
    keyboard, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (31, 97))
    before = termios.tcgetattr(terminal)
    shown, heard = [], Heard()

    def read() -> None:
        while part := os.read(keyboard, 1 << 14):
            shown.append(part)
            if b"lines=31" in part:
                os.write(keyboard, b"hello\n")

    threading.Thread(target=read, daemon=True).start()

    status = run(ASKS, (terminal, terminal, terminal), heard, terminal=True)

    assert status == 3
    assert "columns=97, lines=31" in heard.text
    assert "got hello\n" in heard.text
    words = b"\x1b[31mgot\x1b[0m hello"
    eventually(lambda: words in b"".join(shown), "all is shown, with its colours")
    assert termios.tcgetattr(terminal) == before
    assert os.ttyname(terminal) not in heard.text
