"""A push of one changed file to repos of several sizes, beside the floor of the same commit."""

import random
from collections.abc import Callable
from pathlib import Path

from bench import floor
from bench.figures import Book
from bench.floor import Boot
from bench.machine import PORT, Frozen, Machine
from bench.push_to_live import floor_seconds, to_live
from bench.subject import Subject
from bench.watch import push

MEASURE = "a repo of many files, code only"
GOAL = "≤ 3 times"
SIZES = ((100, 1), (2_000, 50), (20_000, 500))
"""Files, and the megabytes of all of them."""

FILES_PER_FOLDER = 100
FILES_PER_COMMIT = 4_000
FIRST_PUSH_SECONDS = 900.0
WORDS = b"a push, a commit, a slug, a venv, an environment, a release and a switch; "


def fill(folder: Path, files: int, megabytes: int, commit: Callable[[], object]) -> None:
    """Write that many files of that size in all: half of each is words, half is random bytes."""
    source = random.Random(files)  # noqa: S311 - the same bytes in each run
    half = megabytes * 1_000_000 // files // 2
    words = (WORDS * (half // len(WORDS) + 1))[:half]
    for number in range(files):
        place = folder / f"data/{number // FILES_PER_FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.bin").write_bytes(words + source.randbytes(half))
        if number % FILES_PER_COMMIT == FILES_PER_COMMIT - 1:
            commit()


def label(files: int, megabytes: int) -> str:
    """`2,000 files, 50 MB`."""
    return f"{files:,} files, {megabytes} MB"


def set_up(machine: Machine, files: int, megabytes: int) -> Boot:
    """Bring a repo of this size live, and into the floor's repo."""
    fill(machine.app.folder, files, megabytes, machine.commit)
    machine.commit()
    for remote in ("production", floor.REMOTE):
        done = push(machine, remote, timeout=FIRST_PUSH_SECONDS)
        if done.status != 0:
            raise RuntimeError(done.output)
    return Boot.of_live(machine)


def measure(disk: Frozen, book: Book, runs: int, most: int) -> None:
    """All sizes in turn, on one server; the floor of each before or after it."""
    book.command(
        MEASURE,
        "git push production main   # one small file changed; GET / every 20 ms",
        "git push plain main        # floor: the same commit, to a bare repo without hooks",
        "gunicorn --bind unix:…     # floor: the app's own boot, exec to first 200",
    )
    subject = Subject.named("flask")
    with disk.booted("repo", subject, {}) as machine:
        sizes = [size for size in SIZES if size[0] <= most]
        others = range(1, len(sizes))
        machines = [
            machine,
            *(machine.beside(f"large-{number}", subject.files()) for number in others),
        ]
        floor.set_up(machine)
        for other in machines[1:]:
            floor.add_repo(other)
        boots = [set_up(one, *size) for one, size in zip(machines, sizes, strict=True)]
        for run in range(runs):
            for number, size in enumerate(sizes):
                _measure_one(book, machines[number], boots[number], PORT + number, size, run)


def _measure_one(
    book: Book, machine: Machine, boot: Boot, port: int, size: tuple[int, int], run: int
) -> None:
    version = machine.commit()
    if run % 2:
        live, ended = to_live(machine, "production", port, version)
        plain, own = floor_seconds(machine, boot)
    else:
        plain, own = floor_seconds(machine, boot)
        live, ended = to_live(machine, "production", port, version)
    side = label(*size)
    book.add(MEASURE, side, "floor: plain push", plain)
    book.add(MEASURE, side, "floor: the app's own boot", own)
    book.add(MEASURE, side, "floor", plain + own)
    book.add(MEASURE, side, "push → live", live)
    book.add(MEASURE, side, "git push ends", ended)
    book.add(MEASURE, side, "of the floor", live / (plain + own), unit="ratio", goal=GOAL)
