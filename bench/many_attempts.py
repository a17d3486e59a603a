"""Everyday commands of apps with few and with many attempts behind them."""

import json

from bench.figures import Book
from bench.machine import PORT, Frozen, Machine
from bench.push_to_live import to_live
from bench.rollback import COMMAND, roll_back
from bench.subject import Subject
from bench.watch import push

MEASURE = "many attempts in the history"
GOAL = "≤ 1.2 times"
SIZES = (1, 100, 1_000, 10_000)
QUERIES = ("ps", "releases", "reconcile")
YEAR_BEFORE = 1_760_000_000.0


def records(count: int) -> tuple[str, str]:
    """What so many deploys write into `attempts.jsonl` and into `history.jsonl`."""
    attempts: list[dict[str, object]] = []
    history: list[dict[str, object]] = []
    for number in range(1, count + 1):
        commit, at = f"{number:040x}", YEAR_BEFORE + 600 * number
        release = {"attempt": number, "commit": commit, "release": number}
        made = {"attempt": number, "kind": "deploy", "commit": commit, "of_branch": True}
        ended = {"attempt": number, "outcome": "live", "release": number, "seconds": 1.234}
        attempts += [{**made, "who": "ada", "at": at}, release, ended]
        switched = {"intent": number, "previous": number - 1 or None, "kind": "deploy"}
        history += [{**switched, "who": "ada", "at": at}, {"settled": number}]
        if number > 1:
            history += [{"cold": number - 2}] * (number > 2)
            history += [{"warm": number - 1, "until": at + 600}]
    return _lines(attempts), _lines(history)


def _lines(found: list[dict[str, object]]) -> str:
    return "".join(f"{json.dumps(one, separators=(',', ':'))}\n" for one in found)


def grow_old(machine: Machine, count: int) -> None:
    """Make the app with a past, and push it."""
    host, root = machine.host, machine.root
    host.run(COMMAND, "apps:create", machine.name)
    attempts, history = records(count - 1)
    host.run("sh", "-c", f"cat >>{root}/attempts.jsonl", stdin=attempts)
    host.run("sh", "-c", f"umask 077; cat >>{root}/history.jsonl", stdin=history)
    for _ in range(2):  # two that can be rolled back to
        machine.commit()
        done = push(machine, "production")
        if done.status != 0:
            raise RuntimeError(done.output)


def measure(disk: Frozen, book: Book, runs: int, most: int) -> None:
    """All ages in turn, on one server."""
    book.command(
        MEASURE,
        "git push production main",
        "pushdeploy rollback vN --app APP   # warm",
        *(f"pushdeploy {query} --app APP" for query in QUERIES),
    )
    subject = Subject.named("flask")
    sizes = [size for size in SIZES if size <= most]
    with disk.booted("old", subject, {}) as machine:
        machines = [
            machine,
            *(machine.beside(f"old-{size}", subject.files()) for size in sizes[1:]),
        ]
        for one, size in zip(machines, sizes, strict=True):
            grow_old(one, size)
        for run in range(runs):
            order = range(len(sizes)) if run % 2 else range(len(sizes) - 1, -1, -1)
            seen = {sizes[one]: _figures(machines[one], PORT + one) for one in order}
            for size in sizes:
                for name, seconds in seen[size].items():
                    book.add(MEASURE, f"{size:,}", name, seconds)
            for name, young in seen[sizes[0]].items():
                ratio = seen[sizes[-1]][name] / young
                side = f"{sizes[-1]:,} beside {sizes[0]}"
                book.add(MEASURE, side, name, ratio, unit="ratio", goal=GOAL)


def _figures(machine: Machine, port: int) -> dict[str, float]:
    before = machine.live
    live, ended = to_live(machine, "production", port, machine.commit())
    after = machine.live
    found = {"push → live": live, "git push ends": ended}
    found["rollback"] = roll_back(machine, before)["seconds"]
    roll_back(machine, after)
    for query in QUERIES:
        machine.calm_down()
        done = json.loads(machine.timed(COMMAND, query, "--app", machine.name).stdout)
        found[query] = done["seconds"]
    return found
