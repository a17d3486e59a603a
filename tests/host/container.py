"""A container booted like a machine: its disk, its cgroups, and systemd-nspawn over both."""

import fcntl
import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tests.host import cache, cgroups, processes

# Writes itself into its cgroups, then becomes nspawn. The hierarchy is v2, as on a real server,
# also where the outer machine still has v1.
LAUNCH = 'until [ "$1" = -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"'
ENVIRONMENT = {"PATH": os.environ["PATH"], "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}

# What nspawn leaves when it is killed, and then refuses to start over.
REMAINS = (Path("/run/systemd/nspawn/propagate"), Path("/run/systemd/nspawn/unix-export"))

_numbers = itertools.count(1)

START_SECONDS = 30.0
STOP_SECONDS = 120.0  # a unit that does not stop is killed after 90 s
CLEANUP_SECONDS = 5.0


class Container:
    """One throw-away machine; `start` after `stopped` or `kill` boots the same disk again."""

    def __init__(self, layers: Sequence[Path], name: str, read_only: dict[Path, str]) -> None:
        """Lay a fresh disk over layers, topmost first; read_only: outer folder to inner path."""
        self.name = f"{name}-{os.getpid()}-{next(_numbers)}"
        self._layers = layers
        self._read_only = read_only
        self._spawn: subprocess.Popen[bytes] | None = None
        self._folder, self._lock = _claim(self.name)
        self.root = self._folder / "root"
        try:
            _lay(layers, self._folder)
        except BaseException:
            self.remove()
            raise

    @property
    def console(self) -> str:
        """What the machine printed on its console, over all its boots."""
        return (self._folder / "console").read_text(errors="replace")

    def start(self) -> int:
        """Boot; returns the number of the machine's PID 1 as seen from outside."""
        with (self._folder / "console").open("ab") as console:
            self._spawn = subprocess.Popen(
                ["sh", "-c", LAUNCH, "sh", *map(str, cgroups.create(self.name)), "--", *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=ENVIRONMENT,
                start_new_session=True,  # a Ctrl-C is for the tests; they end it in order
            )
        return self._first_process(self._spawn)

    @property
    def _argv(self) -> list[str]:
        return [
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            *(
                "--private-network",
                "--resolv-conf=off",
                "--console=pipe",
                "--rlimit=NOFILE=1024:524288",
                # As on a real server, systemd may say who binds which port (`SocketBindDeny=`).
                "--capability=CAP_BPF,CAP_PERFMON",
                "--system-call-filter=bpf",
            ),
            *(f"--directory={self.root}", f"--machine={self.name}", "--hostname=server"),
            *(f"--bind-ro={outer}:{inner}" for outer, inner in self._read_only.items()),
        ]

    def _first_process(self, spawn: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + START_SECONDS
        children = Path(f"/proc/{spawn.pid}/task/{spawn.pid}/children")
        while time.monotonic() < deadline and spawn.poll() is None:
            for child in map(int, children.read_text().split()):
                if _is_first(child):
                    return child
            time.sleep(0.01)
        raise RuntimeError(f"`{self.name}` did not start:\n{self.console}")

    def stopped(self) -> None:
        """Wait until the machine has shut itself down."""
        if self._spawn is not None:
            self._spawn.wait(STOP_SECONDS)
        _end(self.name)

    def pause(self) -> None:
        """Stop every process of the machine at once; they can only be killed then."""
        for process in cgroups.processes(self.name):
            if len(_numbers_of(process)) > 1:  # nspawn itself, outside, has to clean up
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGSTOP)

    def kill(self) -> None:
        """End every process of the machine at once, as a power cut does.

        They are stopped first, so that none sees another end and writes what it thinks of that.
        """
        self.pause()
        _end(self.name)
        if self._spawn is not None:
            self._spawn.wait(STOP_SECONDS)

    def freeze(self) -> tuple[Path, ...]:
        """The disk of a stopped machine, for others to lie over; it must not start again."""
        if not self.root.is_mount():
            return (self.root,)
        processes.run(["umount", str(self.root)])
        return (self._folder / "upper", *self._layers)

    def remove(self) -> None:
        """Leave no trace of it."""
        try:
            self.kill()
            _remove(self._folder)
        finally:
            self._lock.close()


def sweep() -> None:
    """Remove what former runs left that were killed before they could."""
    with cache.lock(_folder() / "lock"):
        for folder in _folder().glob("*/"):
            with (
                suppress(BlockingIOError, FileNotFoundError),  # in use, or being removed just now
                (folder / "lock").open("w") as lock,
            ):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)


def _folder() -> Path:
    return cache.folder() / "machines"


def _claim(name: str) -> tuple[Path, IO[str]]:
    """A new folder, and the lock that says, for as long as we live, that it is in use."""
    with cache.lock(_folder() / "lock"):
        folder = _folder() / name
        folder.mkdir()
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def _lay(layers: Sequence[Path], folder: Path) -> None:
    for inner in ("root", "upper", "work"):
        (folder / inner).mkdir()
    lower = ":".join(map(str, layers))
    options = f"lowerdir={lower},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(folder / "root")]
    if processes.run(mount, check=False).returncode != 0:  # the cache lies on an overlay itself
        # Then freeze() never gives more than one layer either.
        processes.run(["cp", "--archive", "--reflink=auto", f"{layers[0]}/.", str(folder / "root")])


def _end(name: str) -> None:
    """Kill PID 1, and with it all others inside; nspawn then tidies up and ends by itself."""
    for process in cgroups.processes(name):
        if _is_first(process):
            os.kill(process, signal.SIGKILL)
    if not cgroups.empty(name, CLEANUP_SECONDS):
        cgroups.kill(name)


def _remove(folder: Path) -> None:
    _end(folder.name)
    cgroups.remove(folder.name)
    for place in (folder / "root", *(remains / folder.name for remains in REMAINS)):
        if place.is_mount():
            processes.run(["umount", "--lazy", str(place)])
    # A disk of `vm/lossy.py`, whose server may be dead: then not even its name can be looked up.
    processes.run(["umount", "--force", "--lazy", str(folder / "served")], check=False)
    for remains in REMAINS:
        shutil.rmtree(remains / folder.name, ignore_errors=True)
    while folder.exists():
        with suppress(FileNotFoundError):  # another session sweeps it away beside us
            shutil.rmtree(folder)


def _is_first(process: int) -> bool:
    """True for the PID 1 of an inner PID namespace."""
    numbers = _numbers_of(process)
    return len(numbers) > 1 and numbers[-1] == 1


def _numbers_of(process: int) -> list[int]:
    """A process's number in each PID namespace, outermost first (proc_pid_status(5), NSpid)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        status = Path(f"/proc/{process}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
        return [int(number) for number in line.split()[1:]]
    return []
