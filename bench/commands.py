"""The command line beside an interpreter that does nothing."""

import json

from bench.figures import Book
from bench.machine import APP, Machine

MEASURE = "command line"
LINES = {
    "python3 -c pass": ["/usr/bin/python3", "-c", "pass"],
    "pushdeploy --help": ["/usr/local/bin/pushdeploy", "--help"],
    "pushdeploy ps": ["/usr/local/bin/pushdeploy", "ps", "--app", APP],
    "pushdeploy releases": ["/usr/local/bin/pushdeploy", "releases", "--app", APP],
}


def measure(machine: Machine, book: Book, runs: int) -> None:
    """Each in turn."""
    book.command(MEASURE, *(f"{name}   # as root on the server" for name in LINES))
    for _ in range(runs):
        for name, line in LINES.items():
            machine.calm_down()
            seconds = json.loads(machine.timed(*line).stdout)["seconds"]
            side = "pushdeploy" if "pushdeploy" in name else "floor"
            book.add(MEASURE, side, name, seconds * 1000, unit="ms")
