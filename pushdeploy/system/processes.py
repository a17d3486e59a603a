"""psutil's questions: what runs, how much memory and disk there is, who holds a port."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pushdeploy.model.settings import FIRST_PORT
from pushdeploy.model.uwsgi import is_uwsgi, uwsgi_workers
from pushdeploy.system.sockets import bound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

KILL_SECONDS = 5.0
"""A killed process that writes to a slow disk ends only then."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children use."""

    memory: int
    """Bytes, resident."""
    cpu: float
    """Percent of one core since the process began."""
    started: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class PortHolder:
    """A process that listens on a port."""

    pid: int | None
    name: str
    user: str


def usage(pid: int, *, grandchildren: bool = True) -> Usage | None:
    """Memory and CPU of a process, its children and all theirs; `None` when it is gone.

    What forked processes share is counted for each of them.
    """
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=grandchildren)]
        started = parent.create_time()
    except psutil.Error:
        return None
    memory, cpu = 0, 0.0
    for process in family:
        try:
            memory += process.memory_info().rss
            times = process.cpu_times()
            cpu += times.user + times.system
        except psutil.Error:
            continue
    lived = max(0.1, time.time() - started)
    return Usage(memory=memory, cpu=100 * cpu / lived, started=started)


def available_memory() -> int:
    """Bytes that can be had without swapping."""
    return int(psutil.virtual_memory().available)


def total_memory() -> int:
    """Bytes in all."""
    return int(psutil.virtual_memory().total)


def booted() -> float:
    """When the machine was started, in epoch seconds."""
    return float(psutil.boot_time())


def cores() -> int:
    """Processors that we may use."""
    return len(psutil.Process().cpu_affinity() or [0])


def free_disk(folder: Path) -> int:
    """Bytes that may still be written on the filesystem of `folder`."""
    return int(psutil.disk_usage(str(folder)).free)


def lowest_port() -> int:
    """The first port that we may listen on (ip(7)); root may on any."""
    if os.geteuid() == 0:
        return 1
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def port_holder(port: int) -> PortHolder | None:
    """Who listens on a loopback or wildcard TCP port; `None` when it is free."""
    for listened, pid in _listeners():
        if listened == port:
            return _holder(pid)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return PortHolder(None, "a process that is not ours to see", "?")
    return None


def port_holders(port: int) -> list[PortHolder]:
    """Everybody who listens on a TCP port, on whatever address."""
    found = {pid for listened, pid in _listeners() if listened == port}
    return [_holder(pid) for pid in sorted(found, key=lambda pid: pid or 0)]


def unit_of(pid: int | None) -> str | None:
    """The systemd service that a process belongs to, if it does (cgroups(7))."""
    try:
        text = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    name = text.strip().rpartition("/")[2]
    return name if name.endswith(".service") else None


def free_port(candidates: Iterable[int]) -> int | None:
    """The first port that nobody has, on whatever address."""
    return next((port for port in candidates if _free(port)), None)


def another_port(wanted: int, taken: Collection[int] = ()) -> int:
    """What to propose instead of a port that is taken: one that can be had, if any can."""
    left = (port for port in range(max(wanted + 1, FIRST_PORT), 65_536) if port not in taken)
    return free_port(left) or FIRST_PORT


def _free(port: int) -> bool:
    v4, v6 = bound("0.0.0.0", port), bound("::", port)  # noqa: S104 - a probe
    return v4 == 0 and v6 != errno.EADDRINUSE


def children(pid: int) -> dict[int, str]:
    """The children of a process: pid to the title that they show."""
    try:
        found = psutil.Process(pid).children()
    except psutil.Error:
        return {}
    titles: dict[int, str] = {}
    for child in found:
        try:
            titles[child.pid] = " ".join(child.cmdline())
        except psutil.Error:
            continue
    return titles


def server_workers(pid: int) -> int | None:
    """How many workers a server's master has now; `None` for a process that has none by design.

    A shell in between is passed over, and so is Python's own resource tracker. A master whose
    workers have all died has 0.
    """
    try:
        master = psutil.Process(pid)
        below = _family(master)
        while master.name() in SHELLS and len(below) == 1:
            master, below = below[0], _family(below[0])
        titles = [" ".join(one.cmdline()) for one in below]
        if is_uwsgi(master.cmdline()):
            return uwsgi_workers(master.cmdline(), len(below))
        return len([one for one in titles if TRACKER not in one]) if _has_workers(master) else None
    except psutil.Error:
        return None


SHELLS = ("bash", "dash", "sh")
TRACKER = "multiprocessing.resource_tracker"
MASTERS = ("gunicorn", "--workers", "-w")
TOLD_BY_VARIABLE = ("uvicorn", "fastapi")
"""They have workers when `WEB_CONCURRENCY` is more than 1."""


def _has_workers(master: psutil.Process) -> bool:
    """By its command line: gunicorn always has, others when they are told to."""
    words = master.cmdline()
    programs = {word.rpartition("/")[2] for word in words}
    if MASTERS[0] in programs or any(word.partition("=")[0] in MASTERS for word in words):
        return True
    told = master.environ().get("WEB_CONCURRENCY", "")
    return not programs.isdisjoint(TOLD_BY_VARIABLE) and told not in ("", "0", "1")


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [one for one in process.children() if one.status() != psutil.STATUS_ZOMBIE]


def alive(pid: int) -> bool:
    """True when the process exists and is not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def kill_marked(name: str, value: str) -> None:
    """Kill every process of ours that was started with this variable, and all their children.

    Returns when they are gone, so that what they wrote can be deleted.
    """
    mark = f"{name}={value}".encode()
    doomed: list[psutil.Process] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                process = psutil.Process(int(folder.name))
                doomed += [process, *process.children(recursive=True)]
        except (OSError, psutil.Error):  # it has ended, or is not ours
            continue
    for process in doomed:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(doomed, timeout=KILL_SECONDS)


def _listeners() -> Iterator[tuple[int, int | None]]:
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            yield connection.laddr.port, connection.pid


def _holder(pid: int | None) -> PortHolder:
    if pid is None:
        return PortHolder(None, "a process of another user", "?")
    try:
        process = psutil.Process(pid)
        return PortHolder(pid, process.name(), process.username())
    except psutil.Error:
        return PortHolder(pid, "a process that has just ended", "?")
