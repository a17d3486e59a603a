"""Push to live with a dependency added: the packages in uv's cache, and not in it."""

from functools import partial
from typing import TYPE_CHECKING

from bench import floor
from bench.figures import Book
from bench.floor import Boot
from bench.machine import NGINX_PORT, Machine
from bench.peers import CAPISTRANO, TUTORIAL, Peer
from bench.push_to_live import RATIO, floor_seconds, to_live

if TYPE_CHECKING:
    from collections.abc import Callable

COLD = "push → live, a dependency added, cold cache"
WARM = "push → live, a dependency added, warm cache"
GOAL = "< 0 s: below the floor"
PEERS = (TUTORIAL, CAPISTRANO)
ADDED = "waitress==3.0.2"


def measure(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """Warm and cold in turn; a comment makes every requirements.txt a new one.

    Before each, a version without the package is pushed: the last venv has it not. And before each
    side the disk is synced: other sides leave a venv to be written back, and ours, which syncs,
    would wait for theirs.
    """
    for turn in range(2 * runs + 1):
        cold = turn % 2 == 1
        without = f"{machine.subject.requirements}# without it, before turn {turn}\n"
        to_live(machine, "production", NGINX_PORT, machine.commit({"requirements.txt": without}))
        requirements = f"{machine.subject.requirements}{ADDED}  # the venv of turn {turn}\n"
        version = machine.commit({"requirements.txt": requirements})
        if turn == 0:  # fills both caches
            floor.make_venv_seconds(machine, requirements, cold=False)
            to_live(machine, "production", NGINX_PORT, version)
            continue
        _measure_one(machine, book, version, requirements, boot, cold=cold, first=turn // 2)


def _measure_one(
    machine: Machine,
    book: Book,
    version: int,
    requirements: str,
    boot: Boot,
    *,
    cold: bool,
    first: int,
) -> None:
    name = COLD if cold else WARM
    book.command(
        name,
        "git push production main                  # requirements.txt has one more line",
        "uv venv && uv pip install --compile-bytecode   # floor: the same venv, as the build user",
    )
    sides: dict[str, Callable[[], tuple[float, ...]]] = {
        "floor": partial(_floor, machine, requirements, boot, cold=cold),
        "pushdeploy": partial(_ours, machine, version, cold=cold),
    }
    if not cold:
        sides |= {peer.name: partial(_peer, machine, peer, version) for peer in PEERS}
    names = list(sides)
    start = first % len(names)
    seen = {}
    for side in names[start:] + names[:start]:
        machine.host.run("sync")
        seen[side] = sides[side]()
    venv, plain, own = seen.pop("floor")
    live, ended = seen.pop("pushdeploy")
    book.add(name, "floor", "uv makes the venv", venv)
    book.add(name, "floor", "sum", venv + plain + own)
    book.add(name, "pushdeploy", "push → live", live)
    book.add(name, "pushdeploy", "git push ends", ended)
    book.add(name, "pushdeploy", "above the floor", live - venv - plain - own, goal=GOAL)
    for peer, (there, gone) in seen.items():
        book.add(name, peer, "push → live", there)
        book.add(name, peer, "git push ends", gone)
        book.add(name, peer, RATIO, there / live, unit="ratio", goal="> 1")


def _floor(
    machine: Machine, requirements: str, boot: Boot, *, cold: bool
) -> tuple[float, float, float]:
    venv = floor.make_venv_seconds(machine, requirements, cold=cold)
    return venv, *floor_seconds(machine, boot)


def _ours(machine: Machine, version: int, *, cold: bool) -> tuple[float, float]:
    if cold:
        machine.host.run("sh", "-c", f"rm -rf {machine.root}/cache/verified && sync")
    return to_live(machine, "production", NGINX_PORT, version)


def _peer(machine: Machine, peer: Peer, version: int) -> tuple[float, float]:
    """The tutorial keeps its venv, so the package that is added has to go first."""
    if peer is TUTORIAL:
        package = ADDED.partition("=")[0]
        machine.host.run(f"{peer.venv}/bin/pip", "uninstall", "--quiet", "--yes", package)
    return to_live(machine, peer.name, peer.port, version)
