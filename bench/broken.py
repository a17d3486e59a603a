"""A push of an app that can't start: does `git push` say so, and is the site still there?"""

from bench.figures import Book
from bench.machine import Machine
from bench.push_to_live import SIDES
from bench.watch import SWITCH_PAUSE_SECONDS, Poller, push

MEASURE = "a broken app is pushed"
BROKEN = "\nraise RuntimeError('this version is broken')\n"


def measure(machine: Machine, book: Book, runs: int) -> None:
    """Break it on all sides, fix it on all sides, again and again."""
    book.command(MEASURE, "git push REMOTE main   # app.py ends with `raise RuntimeError`")
    good = machine.subject.files()["app.py"]
    for _ in range(runs):
        machine.commit({"app.py": good + BROKEN})
        for name, (remote, port) in SIDES.items():
            _push_broken(machine, book, name, remote, port)
        machine.commit({"app.py": good})
        for remote, _ in SIDES.values():
            done = push(machine, remote)
            if done.status != 0:
                raise RuntimeError(f"{remote} did not go live again:\n{done.output}")


def _push_broken(machine: Machine, book: Book, name: str, remote: str, port: int) -> None:
    machine.calm_down()
    done = push(machine, remote)
    machine.calm_down()
    poller = Poller(machine, port, "v=", SWITCH_PAUSE_SECONDS, seconds=3)
    down = poller.result()["first"] is None
    ours = name == "pushdeploy"
    book.add(MEASURE, name, "git push exits with", done.status, unit="", goal="1" if ours else "")
    book.add(MEASURE, name, "site is down afterwards (1: yes)", down, unit="", goal="0" * ours)
    book.add(MEASURE, name, "git push ends", done.seconds)
