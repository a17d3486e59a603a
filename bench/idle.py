"""What of ours runs a minute after the last deploy."""

import time

from bench.figures import Book
from bench.machine import Machine

MEASURE = "idle"
WAIT_SECONDS = 65.0

# Programs of ours, and the fronts; an app's own processes lie below its folder.
OURS = ("/opt/pushdeploy/", "systemd-socket-proxyd", "pushdeploy.cli")


def measure(machine: Machine, book: Book) -> None:
    """Wait, then count."""
    book.command(MEASURE, f"sleep {WAIT_SECONDS:.0f}; ps -eo args   # of ours")
    machine.settle()
    time.sleep(WAIT_SECONDS)
    listed = machine.host.run("ps", "-eo", "args=").stdout.splitlines()
    ours = [line for line in listed if any(mark in line for mark in OURS)]
    book.add(MEASURE, "pushdeploy", "processes of ours", len(ours), unit="", goal="0")
