"""A deploy, `ps`, `apps` and a boot of a server with many apps, beside one with a single app."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench.figures import Book
from bench.machine import PORT, Frozen, Machine
from bench.push_to_live import to_live
from bench.rollback import COMMAND
from bench.subject import CHECKOUT, Subject
from bench.watch import push
from tests.host import processes

MEASURE = "many apps on one host"
BOOT = "a boot of a host with many apps"
SIZES = (1, 10, 30, 100)
DEPLOY_GOAL, PS_GOAL, BOOT_GOAL = "≤ 1.5 times", "≤ 1 s", "≤ 60 s"
BOOTS = 3
BOOT_SECONDS = 240.0
ASK = "bench.guest.all_answer"
PUSHES_AT_ONCE = 3
PROCFILE = {"Procfile": "web: gunicorn --workers 1 --threads 8 app:app\n"}
PAUSE_SECONDS = 0.02


def first_push(machine: Machine) -> None:
    """Bring it live."""
    done = push(machine, "production")
    if done.status != 0:
        raise RuntimeError(done.output)


def grow(machine: Machine, size: int) -> None:
    """Add apps until there are so many."""
    files = {**machine.subject.files(), **PROCFILE}
    there = len(json.loads(machine.host.run(COMMAND, "apps", "--json").stdout))
    others = [machine.beside(f"app-{number}", files) for number in range(there, size)]
    with ThreadPoolExecutor(PUSHES_AT_ONCE) as pool:
        list(pool.map(first_push, others))


def measure(disk: Frozen, book: Book, runs: int, most: int) -> None:
    """Two servers by turns: one with a single app, one to which apps are added."""
    book.command(
        MEASURE,
        "git push production main   # of one app of them; gunicorn has one worker in each",
        "pushdeploy ps --app blog",
        "pushdeploy apps",
        "pushdeploy reconcile       # of all apps",
    )
    book.command(BOOT, "systemctl reboot   # from the start of PID 1 to a 200 of each app")
    subject = Subject.named("tiny")
    with (
        disk.booted("one", subject, PROCFILE) as one,
        disk.booted("many", subject, PROCFILE) as many,
    ):
        first_push(one)
        first_push(many)
        for size in (size for size in SIZES if size <= most):
            grow(many, size)
            for run in range(runs):
                _measure_both(book, one, many, size, first=run % 2)
            if size in (1, most):
                _boots(book, many, size)


def _measure_both(book: Book, one: Machine, many: Machine, size: int, *, first: int) -> None:
    seen = {}
    for machine in (one, many) if first else (many, one):
        seen[machine] = _figures(machine)
    for name, seconds in seen[many].items():
        goal = PS_GOAL if name in ("ps", "apps") else ""
        book.add(MEASURE, _apps(size), name, seconds, goal=goal)
    ratio = seen[many]["push → live"] / seen[one]["push → live"]
    side = f"{_apps(size)} beside 1"
    book.add(MEASURE, side, "push → live", ratio, unit="ratio", goal=DEPLOY_GOAL)


def _figures(machine: Machine) -> dict[str, float]:
    live, ended = to_live(machine, "production", PORT, machine.commit())
    found = {"push → live": live, "git push ends": ended}
    for name, words in (
        ("ps", ("ps", "--app", machine.name)),
        ("apps", ("apps",)),
        ("reconcile", ("reconcile",)),
    ):
        machine.calm_down()
        found[name] = json.loads(machine.timed(COMMAND, *words).stdout)["seconds"]
    return found


def _apps(size: int) -> str:
    return f"{size} app{'' if size == 1 else 's'}"


def _boots(book: Book, machine: Machine, size: int) -> None:
    for _ in range(BOOTS):
        moments = boot(machine, size)
        middle = moments[len(moments) // 2]
        book.add(BOOT, _apps(size), "the first app answers", moments[0])
        book.add(BOOT, _apps(size), "half of them answer", middle)
        book.add(BOOT, _apps(size), "all answer", moments[-1], goal=BOOT_GOAL)


def boot(machine: Machine, size: int) -> list[float]:
    """Reboot; seconds from PID 1 to the first 200 of each app, the quickest first."""
    host = machine.host
    host.run("systemctl", "reboot", check=False)
    host.container.stopped()
    began = time.monotonic()
    host.pid = host.container.start()
    ports = map(str, range(PORT, PORT + size))
    program = ("nsenter", f"--net=/proc/{host.pid}/ns/net", sys.executable, "-m", ASK)
    asked = processes.run(
        [*program, f"{BOOT_SECONDS}", *ports], cwd=CHECKOUT, timeout=2 * BOOT_SECONDS
    )
    while host.state() not in ("running", "degraded"):
        time.sleep(PAUSE_SECONDS)
    return sorted(moment - began for moment in json.loads(asked.stdout).values())
