"""Stopwatches around a push: a poller on the server's own address, and the load client."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.machine import Machine
from tests.host import processes

if TYPE_CHECKING:
    import subprocess

HERE = Path(__file__).resolve().parent
POLL = HERE / "guest/poll.py"
CLIENT = HERE.parent / "tests/load/client.py"

PUSH_PAUSE_SECONDS = 0.02
"""Between two questions while a push goes on: more would take the processor from the deploy."""

SWITCH_PAUSE_SECONDS = 0.0005
LONGEST_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Push:
    """One `git push`; times are of the monotonic clock."""

    began: float
    ended: float
    status: int
    output: str

    @property
    def seconds(self) -> float:
        """The whole command."""
        return self.ended - self.began


def push(machine: Machine, remote: str, *, timeout: float = processes.TIMEOUT_SECONDS) -> Push:
    """`git push REMOTE main` on the laptop."""
    argv = ["git", "push", remote, "+main"]
    began = time.monotonic()
    result = processes.run(
        argv,
        env=machine.laptop.environment,
        cwd=machine.app.folder,
        check=False,
        joined=True,
        timeout=timeout,
    )
    return Push(began, time.monotonic(), result.returncode, result.stdout)


class Poller:
    """Waits, in the server's network, for an answer with these words."""

    def __init__(
        self,
        machine: Machine,
        port: int,
        words: str,
        pause: float,
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._child = _inside(
            machine,
            *(sys.executable, "-IS", str(POLL), f"--port={port}", f"--words={words}"),
            *(f"--pause={pause}", f"--seconds={seconds}"),
        )
        if self._child.stdout is None or self._child.stdout.readline() != "ready\n":
            raise RuntimeError(processes.end(self._child))

    def result(self) -> dict[str, Any]:
        """Wait for it: `first`, `wall`, `asked`, `bad`; `first` is None when it never came."""
        found: dict[str, Any] = json.loads(self._child.communicate()[0])
        return found

    def stop(self) -> None:
        """It is not needed any more."""
        processes.end(self._child)


@contextmanager
def load(machine: Machine, port: int, folder: Path) -> Iterator[Path]:
    """Run the load client over the block; the report is in the file that is yielded."""
    report, stop = folder / "load.json", folder / "stop"
    stop.unlink(missing_ok=True)
    report.unlink(missing_ok=True)
    client = _inside(
        machine,
        *(sys.executable, str(CLIENT), f"--url=http://127.0.0.1:{port}/"),
        *("--rate=60", "--connections=6", "--fresh=20", "--slow-every=0.5"),
        *("--slow-path=/slow?s=2", r"--body-regex=v=\d+ release=\S* pid=\d+\n"),
        *(f"--until-file={stop}", f"--report={report}"),
    )
    try:
        time.sleep(1)
        yield report
        time.sleep(1)
        stop.touch()
        client.wait(LONGEST_SECONDS)
    finally:
        processes.end(client)


def _inside(machine: Machine, *argv: str) -> "subprocess.Popen[str]":
    return processes.start(["nsenter", f"--net=/proc/{machine.host.pid}/ns/net", *argv])
