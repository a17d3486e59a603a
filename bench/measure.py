"""`bench/run`: pushdeploy beside the floor and beside what people use, on one server in one run."""

import argparse
import sys
from pathlib import Path

from bench import floor, peers, push_to_live, rollback
from bench.figures import Book
from bench.floor import Boot
from bench.machine import Machine, booted, load_average
from bench.subject import FOLDERS, Subject
from bench.watch import push

MEASURES = ("push", "rollback")
RUNS = 7


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=RUNS, help=f"of each side; {RUNS} unless given")
    add("--subject", choices=sorted(FOLDERS), default="flask", help="the app that is deployed")
    add("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    add("--suite", default="bookworm", help="the Debian of the server")
    add("--output", type=Path, default=Path(".cache/bench"), help="where the tables go")
    return parser.parse_args()


def first_pushes(machine: Machine) -> Boot:
    """Bring the first version live on all sides."""
    first = push(machine, "production")
    if first.status != 0:
        raise RuntimeError(first.output)
    boot = Boot.of_live(machine)
    peers.set_up(machine, boot.environment["WEB_CONCURRENCY"])
    floor.set_up(machine)
    for remote in ("tutorial", "capistrano", floor.REMOTE):
        done = push(machine, remote)
        if done.status != 0:
            raise RuntimeError(done.output)
    return boot


def main() -> int:
    """Measure what was asked for and write the tables."""
    o = options()
    book = Book()
    book.facts["load average before"] = load_average()
    with booted(o.suite, Subject.named(o.subject)) as machine:
        boot = first_pushes(machine)
        if "push" in o.only:
            push_to_live.measure(machine, book, range(2, 2 + o.runs), boot)
        if "rollback" in o.only:
            rollback.measure_warm(machine, book, o.runs)
            rollback.measure_cold(machine, book, o.runs, boot)
    book.facts["load average after"] = load_average()
    book.save(o.output)
    sys.stdout.write(book.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
