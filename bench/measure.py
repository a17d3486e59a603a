"""`bench/run`: pushdeploy beside the floor and beside what people use, on one server in one run."""

import argparse
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import (
    bars,
    broken,
    commands,
    dependency,
    floor,
    idle,
    load_window,
    locked,
    peers,
    push_to_live,
    rollback,
    serving,
)
from bench.figures import Book
from bench.floor import Boot
from bench.machine import Machine, booted, load_average
from bench.share import larger_share
from bench.subject import FOLDERS, Subject
from bench.watch import push

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURES = (
    *("push", "rollback", "load", "serving", "broken", "dependency", "locked", "commands", "idle"),
)
RUNS = 7
RELEASES = 3
"""So many must be there to roll back to."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=RUNS, help=f"of each side; {RUNS} unless given")
    add("--subject", choices=sorted(FOLDERS), default="flask", help="the app that is deployed")
    add("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    add("--suite", default="bookworm", help="the Debian of the server")
    add("--share", type=int, default=1, help="of the processors, in times that of other work")
    add("--output", type=Path, default=Path(".cache/bench"), help="where tables and picture go")
    return parser.parse_args()


def push_everywhere(machine: Machine) -> None:
    """Bring the committed version live on all sides, without a stopwatch."""
    for remote in ("production", "tutorial", "capistrano", floor.REMOTE):
        done = push(machine, remote)
        if done.status != 0:
            raise RuntimeError(done.output)


def first_pushes(machine: Machine) -> Boot:
    """Build the other sides and bring the first version live on all."""
    done = push(machine, "production")
    if done.status != 0:
        raise RuntimeError(done.output)
    boot = Boot.of_live(machine)
    peers.set_up(machine, boot.environment["WEB_CONCURRENCY"])
    floor.set_up(machine)
    push_everywhere(machine)
    return boot


def roll_back(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """All measures of rollbacks, over releases that are the newest on all sides."""
    for _ in range(RELEASES):
        machine.commit()
        push_everywhere(machine)
    rollback.measure_warm(machine, book, runs)
    rollback.measure_cold(machine, book, runs, boot)
    rollback.measure_others(machine, book, runs)


def measure(machine: Machine, book: Book, o: argparse.Namespace) -> None:
    """What was asked for; saved after each part."""
    boot = first_pushes(machine)
    parts: dict[str, Callable[[], None]] = {
        "push": lambda: push_to_live.measure(machine, book, o.runs, boot),
        "rollback": lambda: roll_back(machine, book, o.runs, boot),
        "load": lambda: load_window.measure(machine, book, o.runs),
        "serving": lambda: serving.measure(machine, book, o.runs, boot),
        "broken": lambda: broken.measure(machine, book, o.runs),
        "dependency": lambda: dependency.measure(machine, book, o.runs, boot),
        "locked": lambda: locked.measure(machine, book, o.runs, o.suite),
        "commands": lambda: commands.measure(machine, book, o.runs),
        "idle": lambda: idle.measure(machine, book),
    }
    for name in MEASURES:
        if name in o.only:
            try:
                parts[name]()
            finally:
                book.facts[f"load average after `{name}`"] = load_average()
                book.save(o.output)


def main() -> int:
    """Measure what was asked for, write the tables and the picture."""
    o = options()
    book = Book()
    subject = Subject.named(o.subject)
    book.facts["app"] = f"`{o.subject}`, which names {subject.packages} packages"
    book.facts["server"] = f"Debian {o.suite} in a container, Linux {platform.release()}"
    book.facts["load average before (1, 5, 15 min)"] = load_average()
    with larger_share(o.share) as share, booted(o.suite, subject) as machine:
        book.facts["share of the processors"] = share
        book.facts["processors"] = machine.host.run("nproc").stdout.strip()
        measure(machine, book, o)
    (o.output / "bench.svg").write_text(bars.picture(book))
    sys.stdout.write(book.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
