"""What of ours runs when nobody deploys and nobody visits."""

import time

from bench.figures import Book
from bench.machine import Machine

MEASURE = "idle"
WAIT_SECONDS = 65.0
LOOKS = 130
"""One a second, over two looks of the watchdog."""

LOOK = f"for i in $(seq {LOOKS}); do ps -eo args=; echo {'-' * 8}; sleep 1; done"
WATCHDOG = "/watchdog"

# Programs of ours, and the fronts; an app's own processes lie below its folder.
OURS = ("/opt/pushdeploy/", "systemd-socket-proxyd", "pushdeploy.programs")


def measure(machine: Machine, book: Book) -> None:
    """Wait, then count."""
    book.command(
        MEASURE, f"ps -eo args   # each second for {LOOKS} s, from {WAIT_SECONDS:.0f} s on"
    )
    machine.calm_down()
    time.sleep(WAIT_SECONDS)
    said = machine.host.run("sh", "-c", LOOK, timeout=3 * LOOKS).stdout
    looked = 0
    for listed in said.split("-" * 8 + "\n")[:LOOKS]:
        ours = [line for line in listed.splitlines() if any(mark in line for mark in OURS)]
        stay = [line for line in ours if WATCHDOG not in line]
        looked += len(ours) > len(stay)
        book.add(MEASURE, "pushdeploy", "processes of ours", len(stay), unit="", goal="0")
    book.add(MEASURE, "watchdog", "seconds in which it was seen", looked, unit=f"of {LOOKS}")
