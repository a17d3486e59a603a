"""What goes wrong on purpose: processes that are caught, stopped or killed, and what they leave."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.host import cgroups, processes
from tests.host.host import Host
from tests.host.story import Site, eventually

LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 60.0
ENGINES = "pushdeploy.engine@*.service"

# What a push starts on the server, and nothing else there.
OF_A_PUSH = re.compile(
    r"git.receive-pack|git.(index-pack|unpack-objects)|hooks/"
    r"|bin/(shell|engine)|pushdeploy.programs.(ssh_command|engine)"
)


# Processes


def commands(host: Host) -> dict[int, str]:
    """The command lines of the host's processes, by their numbers as seen from outside."""
    found = {}
    for number in cgroups.processes(host.container.name):
        with suppress(OSError):
            text = Path(f"/proc/{number}/cmdline").read_bytes()
            found[number] = text.decode(errors="replace").replace("\0", " ").strip()
    return found


def of_a_push(host: Host) -> list[str]:
    """The command lines of pushes and of engines that run now."""
    lines = host.run("ps", "-eo", "args=").stdout.splitlines()
    return sorted(line for line in lines if OF_A_PUSH.search(line))


def caught(host: Host, words: str) -> int:
    """Stop the next process whose command line matches; returns its number outside."""
    pattern = re.compile(words)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for number, line in commands(host).items():
            if pattern.search(line):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGSTOP)
                    return number
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"no process matched `{words}`; there are: {commands(host)}")


def released(number: int) -> None:
    """Let a stopped process go on."""
    os.kill(number, signal.SIGCONT)


def kill_client(push: subprocess.Popen[str]) -> None:
    """SIGKILL for git and ssh on the laptop, at once."""
    processes.end(push)


def engine_pids(host: Host) -> set[str]:
    """The main processes of engines, by their numbers on the host."""
    shown = host.run("systemctl", "show", "--property=MainPID", "--value", ENGINES).stdout
    return set(shown.split()) - {"0"}


def kill_engines(host: Host, *, whole_cgroup: bool = False) -> None:
    """SIGKILL for engines: the main process, or all processes at once."""
    whom = "all" if whole_cgroup else "main"
    # One that ends by itself meanwhile has no process any more, which systemctl calls an error.
    host.run("systemctl", "kill", "--signal=KILL", f"--kill-whom={whom}", ENGINES, check=False)


# The app `gated`


def storage(site: Site) -> str:
    """The app's storage folder on the host."""
    return f"{site.root}/shared/instance"


@contextmanager
def held(site: Site, *names: str) -> Iterator[None]:
    """Deploys of the app wait at these places while the block runs."""
    paths = [f"{storage(site)}/{name}" for name in (*names, "hold-nothing")]
    site.host.run("touch", *paths)
    try:
        yield
    finally:
        site.host.run("rm", "-f", *paths)


def live_version(site: Site) -> int:
    """The version that answers."""
    return int(site.get("/").text.split()[0].removeprefix("v="))


def releases_run(site: Site) -> list[str]:
    """The versions for which `release:` was run, one for each run."""
    return site.host.run("cat", f"{storage(site)}/releases.txt", check=False).stdout.split()


# Records


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt."""

    number: int
    kind: str
    commit: str
    outcome: str


def tries(site: Site) -> list[Try]:
    """The attempts of an app, oldest first."""
    text = site.host.run("cat", f"{site.root}/attempts.jsonl", check=False).stdout
    folded: dict[int, dict[str, Any]] = {}
    for line in text.splitlines():
        record = json.loads(line)
        folded.setdefault(record["attempt"], {}).update(record)
    return [
        Try(number, one["kind"], one["commit"], one.get("outcome", "running"))
        for number, one in sorted(folded.items())
    ]


def outcomes(site: Site) -> list[str]:
    """How the attempts ended, oldest first."""
    return [one.outcome for one in tries(site)]


def wait_for_event(site: Site, attempt: int, event: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Until the log of an attempt has the event; looks often, from outside the host."""
    log = site.host.container.root / f"var/log/pushdeploy/{site.name}/{attempt}.jsonl"
    deadline = time.monotonic() + seconds
    while f'"{event}"' not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline, f"no {event} in attempt {attempt} of {site.name}"
        time.sleep(LOOK_SECONDS)


def ref_of(site: Site) -> str:
    """The commit of the deploy branch on the server."""
    return site.host.run(
        *("git", "-C", f"{site.root}/repo.git", "rev-parse", "main"), user="deploy", check=False
    ).stdout.strip()


# What must be true afterwards


def assert_nothing_hangs(site: Site) -> None:
    """No process of a push is left after a while, and the app's lock is free."""
    eventually(lambda: of_a_push(site.host), [], PATIENCE_SECONDS)
    site.host.run("flock", "--nonblock", f"{site.root}/lock", "true")


def reconcile(site: Site) -> processes.Result:
    """`pushdeploy reconcile` on the server, as its timer does."""
    return site.host.run("pushdeploy", "reconcile", "--app", site.name)


def strays(site: Site) -> list[str]:
    """Units of no release that is live or warm, and folders that are unfinished or half gone."""
    wanted = {site.current, *site.ask("releases")["warm"], "front", "wake", "slice"}
    units = [unit for unit in site.units() if re.split("[. ]", unit)[0] not in wanted]
    unfinished = site.host.run("find", site.root, "-name", ".new-*", "-o", "-name", ".old-*")
    return units + unfinished.stdout.split()


def state_of(site: Site) -> list[str]:
    """Every file of ours with its time and number, and the app's units with their processes."""
    folders = (site.root, f"/run/pushdeploy/{site.name}", f"/var/log/pushdeploy/{site.name}")
    files = site.host.run(
        *("find", *folders, "-mindepth", "1", "-path", f"{site.root}/home", "-prune"),
        *("-o", "-not", "-name", "lock.holder", "-printf", "%p %T@ %i %l\\n"),
    )
    units = site.host.run(
        *("find", "/run/systemd/system", "-name", f"{site.unit}*", "-printf", "%p %T@\\n")
    )
    shown = site.host.run("systemctl", "show", "--property=Id,MainPID", f"{site.unit}v*")
    processes_of_units = ("=".join(block.split()) for block in shown.stdout.split("\n\n"))
    return sorted([*files.stdout.splitlines(), *units.stdout.splitlines(), *processes_of_units])


def status_of(push: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the output of a push that was started."""
    output = push.communicate(timeout=PATIENCE_SECONDS)[0]
    return push.returncode, output
