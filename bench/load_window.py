"""Lost requests and the worst latency in the window of a deploy, under the same load for all."""

import json
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Book
from bench.machine import Machine
from bench.push_to_live import SIDES
from bench.watch import load, push

MEASURE = "a deploy under load"


def window(machine: Machine, remote: str, port: int) -> dict[str, Any]:
    """The load client's report over one push and a second before and after."""
    machine.calm_down()
    with tempfile.TemporaryDirectory(prefix="pushdeploy-load-") as folder:
        with load(machine, port, Path(folder)) as file:
            done = push(machine, remote)
        if done.status != 0:
            raise RuntimeError(f"{remote} did not go live:\n{done.output}")
        report: dict[str, Any] = json.loads(file.read_text())
        return report


def measure(machine: Machine, book: Book, runs: int) -> None:
    """All sides in turn."""
    book.command(
        MEASURE,
        "tests/load/client.py --rate=60 --connections=6 --fresh=20 --slow-every=0.5 "
        "--slow-path='/slow?s=2'",
    )
    names = list(SIDES)
    for turn in range(runs):
        machine.commit()
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            _add(book, name, window(machine, *SIDES[name]))


def _add(book: Book, name: str, report: dict[str, Any]) -> None:
    goal = {"goal": "0"} if name == "pushdeploy" else {}
    book.add(MEASURE, name, "requests sent", report["requests"], unit="")
    book.add(MEASURE, name, "lost", report["failed"], unit="", **goal)
    latency = {kind: found["latency_ms"] for kind, found in report["kinds"].items()}
    for kind in ("kept", "fresh"):
        if latency.get(kind):
            book.add(MEASURE, name, f"worst latency, {kind}", latency[kind]["max"], unit="ms")
    book.add(MEASURE, name, "client itself late", report["client_lag_ms"], unit="ms")
