"""Debian's Redis or Valkey: a process of its own for each app (redis-server(1)).

Its unit is written at every boot, as those of releases are. It listens on a unix socket in a folder
that the app's user alone can enter, and has no network.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.app import app_user
from pushdeploy.model.database import RedisFacts, redis_unit
from pushdeploy.model.instance import CPU_WEIGHT, DEFAULT_FILES, DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.model.layout import REDIS_SOCKETS, redis_socket
from pushdeploy.system import apt, command, files
from pushdeploy.system.command import Command
from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import systemctl, unit_state
from pushdeploy.system.systemd import UNITS
from pushdeploy.system.unit_files import slice_of

if TYPE_CHECKING:
    from pushdeploy.model.layout import Layout

KINDS = ("valkey", "redis")
"""Debian 13 has both; Debian 12 has the second only. They keep the same files."""

PROGRAMS = Path("/usr/bin")

ANSWER_LIMIT = 64 << 10
FACT = re.compile(r"([a-z0-9_]{1,64}):([ -~]{0,256})\r?")
"""Whatever else stands there could act on a terminal: the app's user is who answers."""
KEYS = re.compile(r"keys=([0-9]{1,18}),.*")
DATABASE = re.compile(r"db[0-9]{1,5}")

APPENDED = "appendonlydir"
BASE = "appendonly.aof.1.base.rdb"
MANIFEST = "appendonly.aof.manifest"
"""Since Redis 7 it begins with what these two say, and appends to files beside them."""

SAVE = """
set -eu
saved=$1/dump.rdb
shift
trap 'rm -f "$saved"' EXIT
rm -f "$saved"
said=$("$@" BGSAVE SCHEDULE 2>&1) || true
case $said in
  *'Background saving'* | *'save already in progress'*) ;;
  *) echo "$said" >&2; exit 1 ;;
esac
until [ -e "$saved" ]; do
  case $("$@" INFO persistence) in
    *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:err*) echo 'BGSAVE failed' >&2; exit 1 ;;
  esac
  sleep 0.2
done
cat "$saved"
"""
"""As the app: whoever answers on that socket is the app's, and writes to no file of root's."""


def save(app: str, data: Path) -> tuple[str, ...]:
    """The program that prints what the app's holds, as of one moment, while it goes on."""
    client = (str(PROGRAMS / f"{_kind()}-cli"), "-s", str(redis_socket(app)), "--raw")
    return ("/bin/sh", "-c", SAVE, "redis-save", str(data), *client)


class ServerRedis:
    """Those of a server."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def is_installed(self) -> bool:
        """By its programs."""
        return _kind() is not None

    def package(self) -> str:
        """The first that apt knows."""
        return next((f"{one}-server" for one in KINDS if apt.has(f"{one}-server")), "redis-server")

    def install(self) -> None:
        """Debian starts one that listens on a port, which every app could use: it is turned off."""
        if not self.is_installed():
            package = self.package()
            apt.install(package)
            systemctl("disable", "--quiet", "--now", f"{package}.service", check=False)

    def start(self, app: str, memory: int, *, wait: bool = True) -> bool:
        """By its unit; a running one is told of another limit, and goes on."""
        kind = _kind()
        if kind is None:
            raise UnavailableError("Redis is not installed", hint="pushdeploy redis:create --yes")
        unit = redis_unit(app)
        known = (UNITS / unit).exists()  # one that is new needs no reload
        changed = write(File(UNITS / unit, unit_text(self._layout, app, kind, memory)))
        if changed and known:
            systemctl("daemon-reload")
        if unit_state(unit) != "active":
            systemctl("start", *(() if wait else ("--no-block",)), unit, seconds=600)
            return True
        if changed:
            _ask(app, "CONFIG", "SET", "maxmemory", f"{memory}mb")
        return changed

    def facts(self, app: str) -> RedisFacts:
        """By `INFO`."""
        lines = (FACT.fullmatch(line) for line in _ask(app, "INFO").splitlines())
        found = {match[1]: match[2] for match in lines if match}
        keys = (KEYS.fullmatch(text) for name, text in found.items() if DATABASE.fullmatch(name))
        return RedisFacts(
            version=found.get("valkey_version") or found.get("redis_version", ""),
            used=_number(found, "used_memory"),
            most=_number(found, "maxmemory"),
            clients=max(0, _number(found, "connected_clients") - 1),  # we are one
            keys=sum(int(match[1]) for match in keys if match),
            persisted=found.get("aof_last_write_status") == "ok",
        )

    def restore(self, app: str, path: Path) -> None:
        """By the files that it begins with; it is stopped, if it runs."""
        self.remove(app)
        data = self._layout.app(app).redis
        folder = data / APPENDED
        folder.mkdir(mode=0o700, parents=True)
        data.chmod(0o700)  # root's, until all is there
        with path.open("rb") as source, (folder / BASE).open("xb") as target:
            shutil.copyfileobj(source, target)
            os.fsync(target.fileno())
        write(File(folder / MANIFEST, f"file {BASE} seq 1 type b\n"))
        user = pwd.getpwnam(app_user(app))
        for one in (folder / BASE, folder / MANIFEST, folder, data):
            os.chown(one, user.pw_uid, user.pw_gid)
        files.sync_folder(data.parent)

    def remove(self, app: str) -> None:
        """First the process, then its unit, then its files."""
        unit = redis_unit(app)
        systemctl("stop", unit, check=False, seconds=120)
        (UNITS / unit).unlink(missing_ok=True)
        systemctl("daemon-reload")
        files.delete_tree(self._layout.app(app).redis)


def unit_text(layout: Layout, app: str, kind: str, memory: int) -> str:
    """The unit of an app's Redis or Valkey, which may fill so many MiB."""
    data, socket = layout.app(app).redis, redis_socket(app)
    return render(
        "systemd/redis.service.j2",
        app=app,
        server=PROGRAMS / f"{kind}-server",
        client=PROGRAMS / f"{kind}-cli",
        socket=socket,
        socket_folder=socket.parent,
        runtime=f"{REDIS_SOCKETS.name}/{app}",
        data=data,
        state=data.relative_to("/var/lib"),
        memory=memory,
        memory_most=DEFAULT_MEMORY,
        user=app_user(app),
        slice=slice_of(app),
        tasks=DEFAULT_TASKS,
        cpu_weight=CPU_WEIGHT,
        files=DEFAULT_FILES,
    )


def _kind() -> str | None:
    return next((one for one in KINDS if (PROGRAMS / f"{one}-server").exists()), None)


def _ask(app: str, *words: str) -> str:
    """What the app's Redis answers, asked as the app's user."""
    line = [str(PROGRAMS / f"{_kind()}-cli"), "-s", str(redis_socket(app)), "--raw", *words]
    try:
        said = command.run(Command(line, user=app_user(app), folder=Path("/")), limit=ANSWER_LIMIT)
    except CommandFailedError as error:
        raise UnavailableError(
            f"the Redis of `{app}` does not answer: {error}",
            hint=f"journalctl -u {redis_unit(app)}",
        ) from error
    return said.stdout


def _number(found: dict[str, str], name: str) -> int:
    text = found.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0
