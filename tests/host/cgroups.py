"""A cgroup of its own for each container: else all would share one, and stop each other's units."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")

# v2 alone, v2 beside v1, and the one of v1 that systemd names as its own.
HIERARCHIES = (MOUNT, MOUNT / "unified", MOUNT / "systemd")

KILL_SECONDS = 60.0  # of a busy machine: one that writes ends when it has written


def folders(name: str) -> list[Path]:
    """Where the processes of this name are, or would be, in each hierarchy that is mounted."""
    return [root / f"pushdeploy-{name}" for root in HIERARCHIES if (root / "cgroup.procs").exists()]


def create(name: str) -> list[Path]:
    """Make the cgroups; returns the files that a process writes its number to, to join them."""
    for folder in folders(name):
        folder.mkdir(exist_ok=True)
    return [folder / "cgroup.procs" for folder in folders(name)]


def processes(name: str) -> set[int]:
    """The numbers of all processes in the cgroups of this name."""
    found: set[int] = set()
    for folder in folders(name):
        for inner, _, files in os.walk(folder):  # which passes over what goes meanwhile
            with suppress(OSError):
                if "cgroup.procs" in files:
                    lines = Path(inner, "cgroup.procs").read_text().split()
                    found.update(int(line) for line in lines)
    return found


def empty(name: str, seconds: float) -> bool:
    """Wait for the processes of this name to end; False when some did not in time."""
    deadline = time.monotonic() + seconds
    while processes(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill(name: str) -> None:
    """Kill every process in the cgroups of this name, and wait until none is left."""
    for number in processes(name):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    if not empty(name, KILL_SECONDS):
        raise TimeoutError(f"Processes of `{name}` outlive SIGKILL: {sorted(processes(name))}")


def remove(name: str) -> None:
    """Remove the cgroups of this name, in which nothing runs any more."""
    for folder in folders(name):
        for inner in sorted(folder.rglob("*/"), reverse=True):
            if inner.is_dir():
                inner.rmdir()
        with suppress(FileNotFoundError):
            folder.rmdir()
