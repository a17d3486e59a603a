"""Faults that strike at a point of the engine, and the host on which they do."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from pushdeploy.system.failpoints import VARIABLE, Action, Point
from tests.host import cgroups, processes
from tests.host.checkout import Installed
from tests.host.disk import Disk
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import (
    PATIENCE_SECONDS,
    commands,
    engine_pids,
    kill_client,
    kill_engines,
    of_a_push,
    released,
)
from tests.host.story import Site, eventually
from tests.host.visitors import BODY
from tests.tiers import SLOW

# Of every process of git's hooks: what git starts, and the child of the wrapper that takes over.
HOOK = re.compile(r"hooks/|python\S* -I -m pushdeploy.programs.ssh_command")

# Our timers would do by chance what a test looks at; an empty value takes all others back.
LATE = "[Timer]\nOnBootSec=\nOnBootSec=1d\n"
TIMERS = ("pushdeploy.reconcile.timer", "pushdeploy.watchdog.timer")

# Each over a connection of its own: kept ones would have every old release drained for 30 s.
LIGHT = ("--rate=0", "--fresh=20", BODY)
NGINX = "http://127.0.0.1/"


HELD_SECONDS = 240.0
"""A deploy whose build and every other step is slow, on a machine that is busy."""

CLEANUP_SECONDS = 60.0

STOPPED_LOOK_SECONDS = 0.05
"""What has stopped itself stays so. A look reads every process of the host: one after the other
they would take half a processor."""


class Fault(StrEnum):
    """What strikes while the engine, or its child, stands still at a point."""

    ENGINE = "engine"
    """SIGKILL to the engine alone."""
    GROUP = "group"
    """SIGKILL to the engine, all its children, and the process that does the step."""
    CHILD = "child"
    """SIGKILL to the process that does the step, which is not the engine."""
    HOOK = "hook"
    """SIGKILL to git's hook and to who took it over."""
    CLIENT = "client"
    """SIGKILL to git and ssh on the laptop."""
    REBOOT = "reboot"
    """The host is restarted in order."""
    POWER = "power"
    """All processes end at one instant; the host boots again."""
    FULL = "full"
    """No block is free on the disk until the deploy has ended."""
    INODES = "inodes"
    """No file can be made on it until then."""
    ERROR = "error"
    """The step fails at its end, once (EIO); raised at the point, not by a disk."""
    DISK = "disk"
    """The disk fails: every write and sync gets an EIO, what was not synced is lost; then a boot
    with the disk as it was."""


ACTIONS = {Fault.ERROR: Action.INPUT_OUTPUT}
"""What the process at the point does where that is not just to stand still."""

RESTARTS = (Fault.REBOOT, Fault.POWER, Fault.DISK)

Act = Callable[[], subprocess.Popen[str]]
"""Starts what is to be struck."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host of a file's own, its small disk, and the app `blog` on it."""

    site: Site
    disk: Disk

    @property
    def host(self) -> Host:
        """The server."""
        return self.site.host


@contextmanager
def place(installed: Installed, name: str, folder: Path) -> Iterator[Place]:
    """A host whose apps, logs and settings lie on a small disk of their own."""
    with Host.boot(installed.suite, name, installed.disk) as host:
        for timer in TIMERS:
            host.write(f"/etc/systemd/system/{timer}.d/late.conf", LATE)
        host.kill_power()
        disk = Disk(host)
        try:
            host.power_on()
            laptop = Laptop(host, folder / "laptop", installed.key)
            yield Place(Site.new(host, laptop, "blog"), disk)
        finally:
            host.kill_power()
            disk.unmount()


Reason = Callable[[Point, Fault], str | None]
"""Why a fault can't strike at a point; `None` when it can."""


def covering(
    points: Sequence[Point],
    faults: Sequence[Fault],
    reason: Reason = lambda _, __: None,
    *,
    turn: tuple[int, int] = (0, 1),
    also: Sequence[Point] = (),
) -> list[ParameterSet]:
    """Every pair; in the usual tier one for each point of a turn, its fault by its position.

    A pair that makes no sense is skipped, with the reason.

    Args:
        points: in their order.
        faults: those of one file of tests.
        reason: what makes no sense.
        turn: `(0, 3)` for the first of three files that share the points.
        also: points of another file's turn that its faults can't strike at.
    """
    first, files = turn
    pairs = []
    for number, point in enumerate(points):
        possible = [fault for fault in faults if reason(point, fault) is None]
        if SLOW:
            pairs += [(point, fault) for fault in faults]
        elif possible and (number % files == first or point in also):
            pairs.append((point, possible[number // files % len(possible)]))
    return [_pair(point, fault, reason(point, fault)) for point, fault in pairs]


def _pair(point: Point, fault: Fault, reason: str | None) -> ParameterSet:
    marks = [] if reason is None else [pytest.mark.skip(reason=reason)]
    return pytest.param(point, fault, id=f"{point}-{fault}", marks=marks)


@contextmanager
def armed(host: Host, point: Point, action: Action) -> Iterator[None]:
    """Engines that start while the block runs do the action at the point."""
    host.run("systemctl", "set-environment", f"{VARIABLE}={point}:{action}")
    try:
        yield
    finally:
        host.run("systemctl", "unset-environment", VARIABLE)


def stopped(host: Host) -> int | None:
    """The number outside of a process that stands still."""
    for number in cgroups.processes(host.container.name):
        with suppress(OSError):
            status = Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2]
            if status.startswith("T"):
                return number
    return None


def held_at(host: Host, point: Point, started: subprocess.Popen[str]) -> int:
    """Wait until a process has stopped itself at the point; returns its number outside."""
    deadline = time.monotonic() + HELD_SECONDS
    while time.monotonic() < deadline:
        number = stopped(host)
        if number is not None:
            return number
        if started.poll() is not None:  # a deploy tidies up after its answer
            deadline = min(deadline, time.monotonic() + CLEANUP_SECONDS)
        time.sleep(STOPPED_LOOK_SECONDS)
    raise AssertionError(f"nothing came to {point}:\n{processes.end(started)}\n{commands(host)}")


def strike(where: Place, point: Point, fault: Fault, act: Act) -> str:
    """Do something, and have the fault strike at the point; returns what the laptop saw."""
    with armed(where.host, point, ACTIONS.get(fault, Action.STOP)):
        started = act()
        number = held_at(where.host, point, started)
    said = strike_held(where, fault, number, started)
    if fault is Fault.ERROR:  # what failed may have had a reconcile started, armed as well
        eventually(lambda: _going_on(where.host), [], HELD_SECONDS)
    return said


def strike_held(where: Place, fault: Fault, number: int, started: subprocess.Popen[str]) -> str:
    """Have the fault strike while a process stands still; `started` is what it works for."""
    match fault:
        case Fault.ENGINE | Fault.GROUP | Fault.CHILD:
            _kill(where.host, number, fault)
        case Fault.HOOK:
            assert kill_hook(where.host), commands(where.host)
        case Fault.CLIENT:
            kill_client(started)
        case Fault.REBOOT:
            where.host.reboot()
        case Fault.POWER:
            where.host.kill_power()
            where.host.power_on()
        case Fault.FULL:
            return _without(where, where.disk.full(), number, started)
        case Fault.INODES:
            return _without(where, where.disk.without_inodes(), number, started)
        case Fault.DISK:
            return _fail(where, number, started)
    with suppress(ProcessLookupError):
        released(number)
    return processes.end(started) if fault in RESTARTS else output_of(started)


def output_of(started: subprocess.Popen[str]) -> str:
    """What a push or a command said, when it has ended."""
    if started.stdout is None or started.stdout.closed:
        return ""
    return started.communicate(timeout=HELD_SECONDS)[0]


def _kill(host: Host, number: int, fault: Fault) -> None:
    """Kill; who was to be killed must be gone."""
    if fault is not Fault.CHILD:
        doomed = engine_pids(host)
        assert doomed, commands(host)
        kill_engines(host, whole_cgroup=fault is Fault.GROUP)
        eventually(lambda: engine_pids(host) & doomed, set(), PATIENCE_SECONDS)
    if fault is not Fault.ENGINE:
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(number), signal.SIGKILL)
        eventually(lambda: number in commands(host), wanted=False, seconds=PATIENCE_SECONDS)


def command_of(site: Site, line: str, stdin: str = "") -> Act:
    """A command of the laptop's, over ssh, to be started."""

    def start() -> subprocess.Popen[str]:
        argv = site.laptop.ssh_argv(command=line)
        started = processes.start(argv, env=site.laptop.environment, joined=True)
        if stdin and started.stdin:
            started.stdin.write(stdin)
            started.stdin.close()
            started.stdin = None
        return started

    return start


def kill_hook(host: Host) -> bool:
    """SIGKILL for git's hook and who took it over, but not for their parent, the wrapper.

    Returns False when there is none.
    """
    found = {number: line for number, line in commands(host).items() if HOOK.search(line)}
    hooks = [number for number, line in found.items() if "hooks/" in line]
    hooks += [number for number in found if _parent(number) in found and number not in hooks]
    for number in hooks:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return hooks != []


def _parent(number: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()[1])
    return 0


def _without(
    where: Place, lack: AbstractContextManager[None], number: int, started: subprocess.Popen[str]
) -> str:
    """The rest of the deploy, and a reconcile, meet a disk that takes nothing."""
    with lack:
        released(number)
        said = output_of(started)
        eventually(lambda: _going_on(where.host), [], PATIENCE_SECONDS)
        where.host.run("pushdeploy", "reconcile", check=False)
    return said


def _going_on(host: Host) -> list[str]:
    """What is still at work for a push; an engine that was armed too, and came later, goes on."""
    if (late := stopped(host)) is not None:
        released(late)
    return of_a_push(host)


def _fail(where: Place, number: int, started: subprocess.Popen[str]) -> str:
    where.disk.fail()
    released(number)
    said = output_of(started)
    where.host.kill_power()
    where.disk.unmount()
    where.disk.replace()
    where.disk.mount()
    where.host.power_on()
    return said
