"""Push to live: from the start of `git push` until the new version answers."""

from bench import floor
from bench.figures import Book
from bench.floor import Boot
from bench.machine import NGINX_PORT, Machine
from bench.peers import CAPISTRANO, TUTORIAL
from bench.watch import PUSH_PAUSE_SECONDS, Poller, push

MEASURE = "push → live, code only"
RATIO = "push → live beside pushdeploy's"
GOAL = "≤ 0.40 s; never > 0.80 s"
SIDES = {"pushdeploy": ("production", NGINX_PORT)} | {
    peer.name: (peer.name, peer.port) for peer in (TUTORIAL, CAPISTRANO)
}


def to_live(machine: Machine, remote: str, port: int, version: int) -> tuple[float, float]:
    """Push this version; seconds until it answers, and until `git push` ends."""
    machine.calm_down()
    poller = Poller(machine, port, f"v={version} ", PUSH_PAUSE_SECONDS)
    done = push(machine, remote)
    found = poller.result()
    if found["first"] is None or done.status != 0:
        raise RuntimeError(f"{remote} did not go live:\n{done.output}")
    return found["first"] - done.began, done.seconds


def floor_seconds(machine: Machine, boot: Boot) -> tuple[float, float]:
    """A plain push, and the app's own boot."""
    machine.calm_down()
    return floor.plain_push(machine), boot.seconds(machine)


def measure(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """All sides in turn, each version first by another one."""
    names = ["floor", *SIDES]
    book.command(
        MEASURE,
        "git push production main   # poll: GET / of nginx every 20 ms",
        "git push plain main        # floor: a bare repo without hooks, by the same ssh",
        "gunicorn --bind unix:…     # floor: the app's own boot, exec to first 200",
    )
    for turn in range(runs):
        version = machine.commit()
        first = turn % len(names)
        seen: dict[str, tuple[float, float]] = {}
        for name in names[first:] + names[:first]:
            if name == "floor":
                seen[name] = floor_seconds(machine, boot)
            else:
                seen[name] = to_live(machine, *SIDES[name], version)
        _add(book, MEASURE, seen, GOAL)


def _add(book: Book, measure: str, seen: dict[str, tuple[float, float]], goal: str) -> None:
    plain, own = seen.pop("floor")
    book.add(measure, "floor", "plain push", plain)
    book.add(measure, "floor", "the app's own boot", own)
    book.add(measure, "floor", "sum", plain + own)
    for name, (live, ended) in seen.items():
        ours = name == "pushdeploy"
        if not ours:
            book.add(measure, name, RATIO, live / seen["pushdeploy"][0], unit="ratio", goal="> 1")
        book.add(measure, name, "push → live", live)
        book.add(measure, name, "git push ends", ended)
        book.add(measure, name, "above the floor", live - plain - own, goal=goal if ours else "")
