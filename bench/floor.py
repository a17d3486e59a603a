"""The floor, which no tool can leave out: a push to a repo without a hook, the app's own boot."""

import json
import shlex
from dataclasses import dataclass
from itertools import count

from bench.machine import GUEST, Machine
from bench.watch import push
from pushdeploy.model.app import unit_prefix

REMOTE = "plain"
USER = "plain"
BOOT_FOLDER = "/run/bench-boot"

numbers = count(1)


def set_up(machine: Machine) -> None:
    """A user with a shell, and a bare repo in his home."""
    host = machine.host
    host.run("useradd", "--create-home", "--shell=/bin/bash", USER)
    host.write(f"/home/{USER}/.ssh/authorized_keys", machine.laptop.public_key, "0644")
    host.run("chown", "--recursive", f"{USER}:{USER}", f"/home/{USER}")
    add_repo(machine)


def add_repo(machine: Machine) -> None:
    """A bare repo for the app, in the home of the user who is there."""
    repo = f"/home/{USER}/{machine.name}.git"
    machine.host.run("git", "init", "--quiet", "--bare", "--initial-branch=main", repo, user=USER)
    machine.laptop.git(machine.app, "remote", "add", REMOTE, f"{USER}@server:{machine.name}.git")


def plain_push(machine: Machine) -> float:
    """Seconds of `git push` to the repo without a hook."""
    done = push(machine, REMOTE)
    if done.status != 0:
        raise RuntimeError(done.output)
    return done.seconds


@dataclass(frozen=True, slots=True)
class Boot:
    """How the live release's web process is started, without anything around it."""

    environment: dict[str, str]
    user: str

    @classmethod
    def of_live(cls, machine: Machine) -> "Boot":
        """With the environment that the live process has, but for what names its socket."""
        unit = f"{unit_prefix(machine.name)}.{machine.live}.web.service"
        shown = machine.host.run("systemctl", "show", "--property=MainPID,User", unit).stdout
        facts = dict(line.split("=", 1) for line in shown.splitlines())
        raw = machine.host.run("cat", f"/proc/{facts['MainPID']}/environ").stdout
        pairs = dict(one.split("=", 1) for one in raw.split("\0") if "=" in one)
        kept = {name: text for name, text in pairs.items() if not name.startswith("LISTEN_")}
        return cls(kept, facts["User"])

    def seconds(self, machine: Machine) -> float:
        """From exec(2) of gunicorn to its first 200 on a unix socket."""
        host = machine.host
        host.run("install", "-d", f"--owner={self.user}", "--mode=0755", BOOT_FOLDER)
        path = f"{BOOT_FOLDER}/{next(numbers)}.sock"
        code = host.run("readlink", "-f", f"{machine.root}/current/code").stdout.strip()
        venv = host.run("readlink", "-f", f"{machine.root}/current/venv").stdout.strip()
        line = [f"{venv}/bin/gunicorn", f"--bind=unix:{path}", *machine.subject.gunicorn]
        done = host.run(
            *("/usr/bin/python3", f"{GUEST}/boot.py", self.user, code, path, *line),
            env=self.environment,
        )
        return float(done.stdout)


def make_venv_seconds(machine: Machine, requirements: str, *, cold: bool) -> float:
    """`uv` making a venv of these requirements by itself, as the build user of the app."""
    number = next(numbers)
    base, user = f"/srv/bench-uv/{number}", f"pb-{machine.name}"
    cache = "/srv/bench-uv/cache"
    host = machine.host
    if cold:
        host.run("sh", "-c", f"rm -rf {cache} && sync")
    host.write(f"{base}/requirements.txt", requirements)
    host.run("install", "-d", f"--owner={user}", cache, f"{base}/venv")
    uv = host.run("sh", "-c", "echo /opt/pushdeploy/*/venv/bin/uv").stdout.split()[-1]
    settings = f"HOME={base} UV_CACHE_DIR={cache} UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never"
    line = (
        f"export {settings}; {uv} venv -q --allow-existing --python=/usr/bin/python3 {base}/venv"
        f" && {uv} pip install --quiet --compile-bytecode --python={base}/venv/bin/python"
        f" --requirement={base}/requirements.txt"
    )
    done = json.loads(machine.timed("sh", "-c", line, user=user).stdout)
    host.run("rm", "-rf", shlex.quote(base))
    if done["status"] != 0:
        raise RuntimeError(line)
    return float(done["seconds"])
