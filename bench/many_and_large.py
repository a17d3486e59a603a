"""`bench/many`: what a deploy costs with many apps, attempts, deploys at once and files."""

import argparse
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import at_once, large_repo, many_apps, many_attempts, plot
from bench.figures import Book
from bench.machine import Frozen, frozen, load_average
from bench.share import larger_share

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURES = ("repo", "attempts", "at-once", "apps")
RUNS = 7


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/many", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=RUNS, help=f"of each size; {RUNS} unless given")
    add("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    add("--most-apps", type=int, default=100, help="on one host")
    add("--most-attempts", type=int, default=10_000, help="in the history of one app")
    add("--most-files", type=int, default=20_000, help="in one repo")
    add("--suite", default="bookworm", help="the Debian of the servers")
    add("--share", type=int, default=1, help="of the processors, in times that of other work")
    add("--output", type=Path, default=Path(".cache/bench/many"), help="where the tables go")
    add("--plot", type=Path, help="where the picture goes; it takes all measures")
    return parser.parse_args()


def measure(disk: Frozen, book: Book, o: argparse.Namespace) -> None:
    """What was asked for; saved after each part."""
    parts: dict[str, Callable[[], None]] = {
        "repo": lambda: large_repo.measure(disk, book, o.runs, o.most_files),
        "attempts": lambda: many_attempts.measure(disk, book, o.runs, o.most_attempts),
        "at-once": lambda: at_once.measure(disk, book, o.runs),
        "apps": lambda: many_apps.measure(disk, book, o.runs, o.most_apps),
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
    book.facts["server"] = f"Debian {o.suite} in a container, Linux {platform.release()}"
    book.facts["load average before (1, 5, 15 min)"] = load_average()
    with larger_share(o.share) as share, frozen(o.suite) as disk:
        book.facts["share of the processors"] = share
        measure(disk, book, o)
    if o.plot:
        o.plot.write_text(plot.picture(book))
    sys.stdout.write(book.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
