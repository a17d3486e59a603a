"""Push to live with a dependency added: the packages in uv's cache, and not in it."""

from bench import floor
from bench.figures import Book
from bench.floor import Boot
from bench.machine import NGINX_PORT, Machine
from bench.push_to_live import floor_seconds, to_live

COLD = "push → live, a dependency added, cold cache"
WARM = "push → live, a dependency added, warm cache"
GOAL = "≤ 0.50 s"
ADDED = "waitress==3.0.2"


def measure(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """Warm and cold in turn; a comment makes every requirements.txt a new one."""
    for turn in range(2 * runs + 1):
        cold = turn % 2 == 1
        requirements = f"{machine.subject.requirements}{ADDED}  # the venv of turn {turn}\n"
        version = machine.commit({"requirements.txt": requirements})
        if turn == 0:  # fills both caches
            floor.make_venv_seconds(machine, requirements, cold=False)
            to_live(machine, "production", NGINX_PORT, version)
            continue
        _measure_one(machine, book, version, requirements, boot, cold=cold)


def _measure_one(
    machine: Machine, book: Book, version: int, requirements: str, boot: Boot, *, cold: bool
) -> None:
    name = COLD if cold else WARM
    book.command(
        name,
        "git push production main                  # requirements.txt has one more line",
        "uv venv && uv pip install --compile-bytecode   # floor: the same venv, as the build user",
    )
    venv = floor.make_venv_seconds(machine, requirements, cold=cold)
    plain, own = floor_seconds(machine, boot)
    if cold:
        machine.host.run("sh", "-c", f"rm -rf {machine.root}/cache/uv && sync")
    live, ended = to_live(machine, "production", NGINX_PORT, version)
    book.add(name, "floor", "uv makes the venv", venv)
    book.add(name, "floor", "sum", venv + plain + own)
    book.add(name, "pushdeploy", "push → live", live)
    book.add(name, "pushdeploy", "git push ends", ended)
    book.add(name, "pushdeploy", "above the floor", live - venv - plain - own, goal=GOAL)
