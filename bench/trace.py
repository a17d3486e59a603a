"""What the kernel saw of a push: programs that were started and ended, and syncs."""

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import Machine

EVENTS = (
    *("sched:sched_process_fork", "sched:sched_process_exec", "sched:sched_process_exit"),
    *("syscalls:sys_enter_fsync", "syscalls:sys_exit_fsync"),
    *("syscalls:sys_enter_syncfs", "syscalls:sys_exit_syncfs", "syscalls:sys_enter_rename"),
)
LINE = re.compile(r"\s*(.+?)\s+(\d+)/(\d+)\s+([\d.]+):\s+\S+?:(\S+?):\s*(.*)")
STARTS_SECONDS = 0.7
ENDS_SECONDS = 0.3
EXECUTED = {
    "ssh_command": "wrapper",
    "bin/shell": "wrapper",
    "hooks/pre-receive": "pre-receive",
    "hooks/post-receive": "post-receive",
    "bin/engine": "engine",
    "start/web": "start script",
}


@contextmanager
def recorded(machine: Machine) -> Iterator[Path]:
    """Record the whole machine over the block; the file holds perf's text and the host's pid."""
    with tempfile.TemporaryDirectory(prefix="pushdeploy-trace-") as folder:
        data, text = Path(folder) / "data", Path(tempfile.mkstemp(prefix="pushdeploy-trace-")[1])
        line = ["perf", "record", "-q", "-a", "-k", "CLOCK_MONOTONIC", "-o", str(data)]
        perf = subprocess.Popen(
            [*line, "-e", ",".join(EVENTS)], stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(STARTS_SECONDS)
        try:
            yield text
            time.sleep(ENDS_SECONDS)
        finally:
            perf.send_signal(signal.SIGINT)
            perf.wait()
        shown = ["perf", "script", "--ns", "-F", "comm,pid,tid,time,event,trace", "-i", str(data)]
        done = subprocess.run(shown, capture_output=True, text=True, check=True)
        text.write_text(f"{machine.host.pid}\n{done.stdout}")


@dataclass(slots=True)
class Process:
    """One that was started while we watched."""

    pid: int
    program: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Trace:
    """One push; all moments in milliseconds since its start."""

    began: float
    moments: dict[str, float] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    syncs: list[tuple[float, str]] = field(default_factory=list)
    _parents: dict[int, int] = field(default_factory=dict)
    _host: int = 0
    _engine: int = 0
    _pre_receive: int = 0
    _under_way: dict[int, float] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, *, began: float, live: float, ended: float) -> "Trace":
        """Read what `recorded` wrote, and delete it."""
        host, _, text = file.read_text().partition("\n")
        file.unlink()
        made = cls(began, _host=int(host))
        made.moments["laptop's git"] = 0.0
        for line in text.splitlines():
            found = LINE.fullmatch(line)
            if found:
                command, pid, thread, at, event, rest = found.groups()
                moment = (float(at) - began) * 1000
                made._see(moment, event, int(pid), int(thread), command, rest)
        made.moments["live"] = (live - began) * 1000
        made.moments["git push ends"] = (ended - began) * 1000
        return made

    def lines(self) -> list[str]:
        """Everything of the server, in order."""
        rows = [(one.began, self._row(one)) for one in self.processes] + self.syncs
        return [f"{at:7.1f}  {what}" for at, what in sorted(rows)]

    def _row(self, one: Process) -> str:
        lived = f"lived {one.ended - one.began:.1f}" if one.ended is not None else ""
        return f"{one.program} [{one.pid}] {lived}".rstrip()

    def _see(self, at: float, event: str, pid: int, thread: int, name: str, rest: str) -> None:
        if event == "sched_process_fork":
            child = int(re.search(r"child_pid=(\d+)", rest)[1])  # type: ignore[index]
            self._parents.setdefault(child, pid)
        elif not self._is_of_host(pid):
            return
        elif event == "sched_process_exec":
            self._execute(at, pid, rest.split(maxsplit=1)[0].removeprefix("filename="))
        elif event == "sched_process_exit" and pid == thread:
            self._end(at, pid)
        elif event.startswith("sys_enter_"):
            self._under_way[thread] = at
            if pid == self._engine and event == "sys_enter_rename":
                self.moments["last rename"] = at
        elif event.startswith("sys_exit_"):
            self._sync(at, pid, event.removeprefix("sys_exit_"), thread, name)

    def _is_of_host(self, pid: int) -> bool:
        for _ in range(50):
            if pid == self._host:
                return True
            above = self._parents.get(pid) or _parent(pid)
            if not above:
                return False
            pid = above
        return False

    def _execute(self, at: float, pid: int, program: str) -> None:
        self.processes.append(Process(pid, program, at))
        for mark, moment in EXECUTED.items():
            if mark in program:
                self.moments.setdefault(moment, at)
        if "bin/engine" in program:
            self._engine = pid
        if "hooks/pre-receive" in program:
            self._pre_receive = pid
        if program == "/usr/bin/git" and "wrapper" in self.moments:
            self.moments.setdefault("receive-pack", at)
        if program == "/usr/bin/git" and "post-receive" in self.moments:
            self.moments.setdefault("checkout", at)
        if program.endswith("venv/bin/python") and self._parents.get(pid) == self._engine != 0:
            self.moments.setdefault("receiver", at)
        if program == "/usr/bin/systemctl" and "receiver ends" in self.moments:
            self.moments.setdefault("first systemctl", at)

    def _end(self, at: float, pid: int) -> None:
        one = next((one for one in reversed(self.processes) if one.pid == pid), None)
        if one is None:
            return
        one.ended = at
        if pid == self._pre_receive:
            self.moments["pre-receive ends"] = at
        if one.began == self.moments.get("receiver"):
            self.moments["receiver ends"] = at
        if one.program == "/usr/bin/systemctl" and "start script" not in self.moments:
            self.moments["last systemctl ends"] = at

    def _sync(self, at: float, pid: int, call: str, thread: int, name: str) -> None:
        began = self._under_way.pop(thread, at)
        self.syncs.append((began, f"{call} by {name} [{pid}] took {at - began:.1f}"))
        if pid == self._engine and "start script" in self.moments:
            self.moments.setdefault("switch", at)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rsplit(")", 1)[1].split()[1])
