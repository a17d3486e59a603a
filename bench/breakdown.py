"""`bench/profile`: where the time of one push goes, by what the kernel saw (perf-record(1))."""

import argparse
import shutil
import sys
from pathlib import Path

from bench import floor, trace
from bench.dependency import ADDED
from bench.machine import NGINX_PORT, Machine, booted, load_average
from bench.share import larger_share
from bench.subject import FOLDERS, Subject
from bench.trace import Trace
from bench.watch import PUSH_PAUSE_SECONDS, Poller, push

RUNS = 5

STEPS = (
    ("ssh: connect, log in", "laptop's git", "wrapper"),
    ("wrapper: start, call the engine", "wrapper", "receive-pack"),
    ("git receives", "receive-pack", "pre-receive"),
    ("pre-receive", "pre-receive", "pre-receive ends"),
    ("git stores", "pre-receive ends", "post-receive"),
    ("post-receive, engine gets ready", "post-receive", "checkout"),
    ("checkout", "checkout", "receiver ends"),
    ("venv key, release written", "receiver ends", "first systemctl"),
    ("units written and started", "first systemctl", "last systemctl ends"),
    ("systemd starts the sandbox", "last systemctl ends", "start script"),
    ("the app boots and passes", "start script", "switch"),
    ("first answer through nginx", "switch", "live"),
    ("confirmed, told, hung up", "live", "git push ends"),
)
"""What it is, from which moment, to which; in the order of a push."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/profile", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=RUNS, help="the quickest one is shown")
    add("--dependency", action="store_true", help="each push adds one: a venv is built")
    add("--subject", choices=sorted(FOLDERS), default="flask", help="the app that is deployed")
    add("--suite", default="bookworm", help="the Debian of the server")
    add("--share", type=int, default=1, help="of the processors, in times that of other work")
    add("--output", type=Path, default=Path(".cache/bench"), help="where the table goes")
    return parser.parse_args()


def traced(machine: Machine, run: int, *, dependency: bool) -> Trace:
    """Push a new version and watch."""
    added = f"{machine.subject.requirements}{ADDED}  # the venv of run {run}\n"
    version = machine.commit({"requirements.txt": added} if dependency else {})
    machine.calm_down()
    poller = Poller(machine, NGINX_PORT, f"v={version} ", PUSH_PAUSE_SECONDS)
    with trace.recorded(machine) as recorded:
        done = push(machine, "production")
    live = poller.result()["first"]
    if done.status != 0 or live is None:
        raise RuntimeError(done.output)
    return Trace.read(recorded, began=done.began, live=live, ended=done.ended)


def table(found: Trace) -> list[str]:
    """A row a step, then every process and sync."""
    rows = ["| step | ms | at |", "|---|---|---|"]
    for name, start, end in STEPS:
        begun, ended = found.moments.get(start), found.moments.get(end)
        if begun is None or ended is None:
            rows.append(f"| {name} | ? | ? |")
        else:
            rows.append(f"| {name} | {ended - begun:.0f} | {begun:.0f} |")
    rows.append(f"| push → live | {found.moments['live']:.0f} | |")
    return [*rows, "", *(f"    {line}" for line in found.lines())]


def main() -> int:
    """Push several times and show the quickest, beside the floor of the same minute."""
    o = options()
    if shutil.which("perf") is None:
        sys.stderr.write("bench/profile needs perf: apt-get install linux-perf\n")
        return 1
    with larger_share(o.share) as share, booted(o.suite, Subject.named(o.subject)) as machine:
        lines = [f"# One push, {o.subject}", "", f"- load average: {load_average()}"]
        lines.append(f"- share of the processors: {share}")
        push(machine, "production")
        floor.set_up(machine)
        boot = floor.Boot.of_live(machine)
        found = [traced(machine, run, dependency=o.dependency) for run in range(o.runs)]
        best = min(found, key=lambda one: one.moments["live"])
        machine.calm_down()
        lines.append(f"- floor, plain push: {floor.plain_push(machine) * 1000:.0f} ms")
        lines.append(f"- floor, the app's own boot: {boot.seconds(machine) * 1000:.0f} ms")
        text = "\n".join([*lines, "", *table(best)]) + "\n"
    o.output.mkdir(parents=True, exist_ok=True)
    (o.output / "profile.md").write_text(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
