"""A queue of jobs for the workers of `worker-jobs`, and what became of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from tests.host import processes
from tests.host.mishaps import storage
from tests.host.story import Site, eventually

END_SECONDS = 120.0

# Puts a job into the queue four times a second until a file says that it is enough; each takes 0
# to 0.4 s, so that one worker keeps up.
PRODUCER = """
import os, sys, time
folder, end = sys.argv[1:]
number = 0
while not os.path.exists(end):
    draft, name = f"{folder}/.{number}", f"{folder}/queue/{number:06}"
    with open(draft, "w") as file:
        file.write(str(number % 5 / 10))
    os.rename(draft, name)
    number += 1
    time.sleep(0.25)
print(number)
"""


@dataclass(frozen=True, slots=True)
class Life:
    """One run of a worker; times are seconds of the day's clock."""

    release: str
    began: float
    ended: float
    """`inf` while it goes on."""


@dataclass
class Queue:
    """What came of the jobs; known when all that can be done is done."""

    given: int = 0
    lines: dict[str, list[str]] = field(default_factory=dict)
    """By job, who did it: one line of `release pid start end` for each time."""

    @property
    def lost(self) -> list[str]:
        """Jobs that nobody finished."""
        names = (f"{number:06}" for number in range(self.given))
        return [name for name in names if name not in self.lines]

    @property
    def twice(self) -> list[str]:
        """Jobs that were done more than once."""
        return [name for name, lines in self.lines.items() if len(lines) > 1]

    @property
    def releases(self) -> set[str]:
        """The releases whose workers did them."""
        return {line.split()[0] for lines in self.lines.values() for line in lines}


def lives(site: Site) -> list[Life]:
    """Every run of a worker of `worker-jobs`, oldest first."""
    begun: dict[str, tuple[str, float]] = {}
    found = []
    for line in site.host.read(f"{storage(site)}/lives").splitlines():
        word, release, pid, at = line.split()
        if word == "from":
            begun[pid] = (release, float(at))
        else:
            found.append(Life(*begun.pop(pid), float(at)))
    found += [Life(release, at, inf) for release, at in begun.values()]
    return sorted(found, key=lambda life: life.began)


def beside_one_another(found: list[Life]) -> list[tuple[str, str]]:
    """The releases of which workers ran at one time."""
    return [
        (one.release, other.release)
        for number, one in enumerate(found)
        for other in found[number + 1 :]
        if one.release != other.release and other.began < one.ended
    ]


@contextmanager
def jobs(site: Site) -> Iterator[Queue]:
    """Give jobs while the block runs; afterwards wait until the queue is empty."""
    folder, queue = storage(site), Queue()
    end, user = f"{folder}/end", f"pd-{site.name}"
    producer = site.host.start("python3", "-c", PRODUCER, folder, end, user=user)
    try:
        yield queue
        site.host.run("touch", end)
        output, _ = producer.communicate(timeout=END_SECONDS)
        queue.given = int(output)
        eventually(lambda: listed(site, "queue"), [], END_SECONDS)
        eventually(lambda: under_way(site), [], END_SECONDS)
        queue.lines = done(site)
    finally:
        processes.end(producer)
        site.host.run("rm", "-f", end)


def listed(site: Site, folder: str) -> list[str]:
    """The names in a folder of the queue."""
    return site.host.run("ls", f"{storage(site)}/{folder}").stdout.split()


def under_way(site: Site) -> list[str]:
    """Jobs that a worker which is there has in hand; `taken/<job>.<pid>` of another was cut off."""
    taken = listed(site, "taken")
    return [name for name in taken if site.host.exists(f"/proc/{name.rpartition('.')[2]}")]


def done(site: Site) -> dict[str, list[str]]:
    """By job, the lines that the workers left."""
    text = site.host.run("grep", "-r", "", f"{storage(site)}/done", check=False).stdout
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        path, _, rest = line.partition(":")
        found.setdefault(path.rpartition("/")[2], []).append(rest)
    return found
