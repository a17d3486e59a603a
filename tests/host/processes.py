"""Run a program, and end it with everything that it started when it takes too long."""

import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.tiers import SLOW

Result = subprocess.CompletedProcess[str]

TIMEOUT_SECONDS = 600.0 if SLOW else 120.0
"""The slow tier has a machine that is emulated, on two cores that may have other work."""


class CommandFailedError(AssertionError):
    """A command that had to succeed did not; says what it printed."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            f"`{shlex.join(result.args)}` ended with {result.returncode}\n"
            f"{result.stdout}{result.stderr or ''}"
        )
        self.result = result


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    joined: bool = False,
) -> subprocess.Popen[str]:
    """Start a program in a session of its own; `joined` sends stderr into stdout."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if joined else subprocess.PIPE,
        env=env,
        cwd=cwd,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> str:
    """Kill a program that was started here, with its children; returns the rest of its output."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate(timeout=TIMEOUT_SECONDS)[0]


def run(
    argv: Sequence[str],
    *,
    check: bool = True,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    joined: bool = False,
    timeout: float = TIMEOUT_SECONDS,
) -> Result:
    """Run a program to its end.

    Raises:
        CommandFailedError: its status is not 0 and `check` is set.
        subprocess.TimeoutExpired: it was killed because it took too long.

    """
    with start(argv, env=env, cwd=cwd, joined=joined) as process:
        try:
            stdout, stderr = process.communicate(stdin, timeout)
        except BaseException:
            end(process)
            raise
    result = Result(list(argv), process.returncode, stdout, stderr)
    if check and result.returncode != 0:
        raise CommandFailedError(result)
    return result


def read_until(terminal: int, word: str) -> str:
    """What the terminal or pipe shows until it has shown a word."""
    shown = ""
    end = time.monotonic() + 40
    while word not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += os.read(terminal, 4096).decode("utf-8", "replace")
            except OSError:
                break
    assert word in shown, shown
    return shown
