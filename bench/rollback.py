"""Rollback on the server: the whole command, and from the passed probe to the first answer."""

import datetime as dt
import json
import time

from bench.figures import Book
from bench.floor import Boot
from bench.machine import APP, NGINX_PORT, Machine
from bench.peers import CAPISTRANO, TUTORIAL
from bench.watch import PUSH_PAUSE_SECONDS, SWITCH_PAUSE_SECONDS, Poller

WARM = "rollback, warm"
COLD = "rollback, cold"
OTHERS = "rollback by hand"
LIVE = "command → live"
COMMAND = "/usr/local/bin/pushdeploy"
HEALTHY = "web.healthy"
SPREAD_SECONDS = 3.0
"""By then all workers run one version; one that still boots would read the next one's code."""

LOGS = f"/var/log/pushdeploy/{APP}"


def roll_back(machine: Machine, release: str) -> dict[str, float]:
    """Run the command with nobody asking the app: `began` and `seconds`."""
    machine.calm_down()
    done: dict[str, float] = json.loads(
        machine.timed(COMMAND, "rollback", release, "--app", machine.name).stdout
    )
    if done["status"] != 0:
        raise RuntimeError(f"the rollback to {release} failed: {done}")
    return done


def watched(machine: Machine, release: str, pause: float) -> tuple[float, float, float]:
    """Seconds of the command, from its start to the first answer, and from the probe to that."""
    machine.calm_down()
    poller = Poller(machine, NGINX_PORT, f"release={release} ", pause)
    done = roll_back(machine, release)
    found = poller.result()
    return done["seconds"], found["first"] - done["began"], found["wall"] - _passed(machine)


def _passed(machine: Machine) -> float:
    """When the probe of the newest attempt had passed, by the attempt's log; epoch seconds."""
    newest = machine.host.run("sh", "-c", f"ls -t {LOGS}/*.jsonl | head -1").stdout.strip()
    records = map(json.loads, machine.host.read(newest).splitlines())
    at = next(one["timestamp"] for one in records if one["event"] == HEALTHY)
    return dt.datetime.fromisoformat(at).timestamp()


def measure_warm(machine: Machine, book: Book, runs: int) -> None:
    """Back and forth between the two newest releases: both run."""
    book.command(
        WARM,
        f"pushdeploy rollback vN --app {APP}   # whole command: with nobody asking the app",
        f"pushdeploy rollback vM --app {APP}   # probe → live: nginx is asked every 0.5 ms",
    )
    other, here = _two_newest(machine)
    roll_back(machine, other)
    for _ in range(runs):
        whole = roll_back(machine, here)["seconds"]
        _, _, switch = watched(machine, other, SWITCH_PAUSE_SECONDS)
        book.add(WARM, "pushdeploy", "whole command", whole, goal="≤ 0.3 s")
        book.add(WARM, "pushdeploy", "probe → live", switch * 1000, unit="ms", goal="≤ 10 ms")


def measure_cold(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """Round and round over three releases: the one that is next has been stopped."""
    book.command(COLD, f"pushdeploy rollback vN --app {APP}   # vN does not run")
    live = int(machine.live[1:])
    ring = [f"v{live - 1}", f"v{live - 2}", f"v{live}"]
    for run in range(runs + 1):
        release = ring[run % 3]
        whole, answered, _ = watched(machine, release, PUSH_PAUSE_SECONDS)
        if run == 0:  # the first one may be warm
            continue
        own = boot.seconds(machine)
        book.add(COLD, "floor", "the app's own boot", own)
        book.add(COLD, "pushdeploy", "whole command", whole)
        book.add(COLD, "pushdeploy", LIVE, answered)
        book.add(COLD, "pushdeploy", "above its boot", answered - own, goal="≤ 0.4 s")


def measure_others(machine: Machine, book: Book, runs: int) -> None:
    """The peers, to the version before and back again."""
    newest = int((machine.app.folder / "VERSION").read_text())
    for peer in (TUTORIAL, CAPISTRANO):
        lines = peer.rollback(1).strip().splitlines()
        book.command(f"{OTHERS}, {peer.name}", *lines)
        for run in range(runs):
            back = (run + 1) % 2
            time.sleep(SPREAD_SECONDS)
            # More than five restarts in 10 s are refused; that is not what is measured.
            machine.host.run("systemctl", "reset-failed", peer.name)
            poller = Poller(machine, peer.port, f"v={newest - back} ", SWITCH_PAUSE_SECONDS)
            done = json.loads(machine.timed("bash", "-c", peer.rollback(back)).stdout)
            first = poller.result()["first"]
            book.add(f"{OTHERS}, {peer.name}", peer.name, LIVE, first - done["began"])


def _two_newest(machine: Machine) -> tuple[str, str]:
    live = int(machine.live[1:])
    return f"v{live - 1}", f"v{live}"
