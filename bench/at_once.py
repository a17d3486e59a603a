"""Several apps deployed at the same moment, beside one alone."""

import time
from statistics import median

from bench.figures import Book
from bench.machine import PORT, Frozen, Machine
from bench.subject import Subject
from bench.watch import LONGEST_SECONDS, PUSH_PAUSE_SECONDS, Poller, push

MEASURE = "deploys at once"
GOAL = "≤ 5 times"
SIZES = (1, 2, 3, 5)


def all_live(machines: list[Machine]) -> list[float]:
    """Push all at once; seconds from the one moment until each is live."""
    versions = [machine.commit() for machine in machines]
    machines[0].calm_down()
    pollers = [
        Poller(machine, PORT + number, f"v={version} ", PUSH_PAUSE_SECONDS)
        for number, (machine, version) in enumerate(zip(machines, versions, strict=True))
    ]
    began = time.monotonic()
    pushes = [machine.laptop.start_push(machine.app) for machine in machines]
    for one in pushes:
        output, _ = one.communicate(timeout=LONGEST_SECONDS)
        if one.returncode != 0:
            raise RuntimeError(output)
    return [poller.result()["first"] - began for poller in pollers]


def measure(disk: Frozen, book: Book, runs: int) -> None:
    """Each number of them in turn."""
    book.command(MEASURE, "git push production main   # in 1, 2, 3 and 5 checkouts at once")
    subject = Subject.named("flask")
    with disk.booted("once", subject, {}) as machine:
        others = range(1, SIZES[-1])
        machines = [
            machine,
            *(machine.beside(f"at-once-{number}", subject.files()) for number in others),
        ]
        for one in machines:
            done = push(one, "production")
            if done.status != 0:
                raise RuntimeError(done.output)
        for _ in range(runs):
            seen = {size: all_live(machines[:size]) for size in SIZES}
            alone = seen[1][0]
            for size, seconds in seen.items():
                book.add(MEASURE, f"{size}", "push → live, in the middle", median(seconds))
                book.add(MEASURE, f"{size}", "push → live, the slowest", max(seconds))
            ratio = max(seen[SIZES[-1]]) / alone
            book.add(MEASURE, "5 beside 1", "the slowest", ratio, unit="ratio", goal=GOAL)
