"""The supervisord of an embedded root: started when it is first needed, spoken to by XML-RPC.

Its configuration lies beside its socket and, like systemd's transient units, is not kept: a new
supervisord knows nothing of what an earlier one ran.
"""

from __future__ import annotations

import http.client
import os
import socket
import time
import xmlrpc.client
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from supervisor.xmlrpc import Faults, SupervisorTransport

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.instance import STOP_GRACE_SECONDS
from pushdeploy.system import command, files, processes
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.files import File
from pushdeploy.system.locks import held
from pushdeploy.system.rendering import render
from pushdeploy.system.short_folder import make_own_folder

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 15.0
"""From its start to its first answer, on a busy laptop."""

LOOK_SECONDS = 0.05
WITHOUT_WAITING = False
RUNNING = ("STARTING", "RUNNING", "BACKOFF")
"""States in which a program is wanted up."""

MARK = "PUSHDEPLOY_SUPERVISORD"
"""In the environment of all that it runs, so that what a killed one left can be found."""

Info = Mapping[str, Any]
"""supervisord's `getProcessInfo`."""


class Daemon:
    """One supervisord and its programs, each a group of its own."""

    def __init__(self, folder: Path, log: Path, python: Path) -> None:
        self.folder = folder
        self._log = log
        self._python = python
        self._socket = folder / "supervisord.sock"

    def runs(self) -> bool:
        """True when it answers."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self._socket)) == 0

    def ensure(self) -> None:
        """Start it, if it does not run.

        Raises:
            UnavailableError: it does not start.
        """
        if self.runs():
            return
        make_own_folder(self.folder.parent)
        make_own_folder(self.folder)
        with held(self.folder / "lock", who="pushdeploy", what="starting supervisord"):
            if not self.runs():
                self._start()

    def shut_down(self) -> None:
        """End it and all that it runs; returns when it is gone."""
        if not self.runs():
            processes.kill_marked(MARK, str(self.folder))
            return
        self.stop(list(self.infos()))  # all at once; by itself it stops one after the other
        pid = cast("int", self.call("supervisor.getPID"))
        self.call("supervisor.shutdown")
        end = time.monotonic() + STOP_GRACE_SECONDS + START_SECONDS
        while processes.alive(pid) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        processes.kill_marked(MARK, str(self.folder))

    def infos(self) -> dict[str, Info]:
        """Every program by its name; none when it does not run."""
        if not self.runs():
            return {}
        try:
            found = cast("list[Info]", self.call("supervisor.getAllProcessInfo"))
        except UnavailableError:
            if self.runs():
                raise
            return {}  # it has just ended
        return {info["name"]: info for info in found}

    def path(self, name: str) -> Path:
        """Where a program is described."""
        return self.folder / "programs" / f"{name}.conf"

    def put(self, programs: Mapping[str, str]) -> None:
        """Make programs known; one that runs keeps what it was started with.

        Args:
            programs: name to section of the configuration.
        """
        self.ensure()
        for name, text in programs.items():
            files.write(File(self.path(name), text, 0o600))
        _, changed, _ = cast("list[list[list[str]]]", self.call("supervisor.reloadConfig"))[0]
        infos = self.infos()
        for name in programs:
            if name in changed and infos[name]["statename"] not in (*RUNNING, "STOPPING"):
                self.call("supervisor.removeProcessGroup", name, ignore=(Faults.BAD_NAME,))
            self.call("supervisor.addProcessGroup", name, ignore=(Faults.ALREADY_ADDED,))

    def start(self, name: str) -> None:
        """Start a program that is known; returns without waiting for it."""
        ignore = (Faults.ALREADY_STARTED,)
        self.call("supervisor.startProcess", name, WITHOUT_WAITING, ignore=ignore)

    def stop(self, names: Sequence[str]) -> None:
        """Ask all at once, then wait until the last is gone: TERM, the grace, KILL."""
        end = time.monotonic() + STOP_GRACE_SECONDS + START_SECONDS
        ignore = (Faults.NOT_RUNNING, Faults.BAD_NAME)
        while time.monotonic() < end:
            infos = self.infos()
            left = [name for name in names if name in infos and _is_to_stop(infos[name])]
            if not left:
                return
            for name in left:
                if infos[name]["statename"] in RUNNING:
                    self.call("supervisor.stopProcess", name, WITHOUT_WAITING, ignore=ignore)
            time.sleep(LOOK_SECONDS)

    def remove(self, names: Sequence[str]) -> None:
        """Stop programs and forget them."""
        self.stop(names)
        for name in names:
            self.path(name).unlink(missing_ok=True)
        for name in set(names) & set(self.infos()):
            self.call("supervisor.removeProcessGroup", name, ignore=(Faults.BAD_NAME,))

    def call(self, method: str, *arguments: object, ignore: Collection[int] = ()) -> object:
        """One call over its socket; a fault to ignore gives `None`.

        Raises:
            CommandFailedError: it refused.
            UnavailableError: it has gone.
        """
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return cast("object", getattr(server, method)(*arguments))
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in ignore:
                return None
            raise CommandFailedError(
                f"supervisord: {method}: {fault.faultString}", status=fault.faultCode
            ) from fault
        except xmlrpc.client.ProtocolError as error:
            raise CommandFailedError(f"supervisord: {method} failed", status=1) from error
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(
                f"supervisord does not answer: {error}", hint="pushdeploy reconcile"
            ) from error
        finally:
            transport.close()

    def _start(self) -> None:
        processes.kill_marked(MARK, str(self.folder))
        files.delete_tree(self.folder / "programs")
        make_own_folder(self.folder / "programs")
        settings = self.folder / "supervisord.conf"
        log = quote(str(self._log)).replace("%", "%%")
        text = render("supervisord/supervisord.conf.j2", folder=self.folder, log=log)
        files.write(File(settings, text, 0o600))
        line = Command(
            [str(self._python), "-I", "-m", "supervisor.supervisord", "-c", str(settings)],
            environment={"PATH": CLEAN_PATH, "LANG": "C.UTF-8", **person()},
            folder=self.folder,
        )
        command.run(line, seconds=START_SECONDS)
        end = time.monotonic() + START_SECONDS
        while not self.runs():
            if time.monotonic() > end:
                log_file = self.folder / "supervisord.log"
                raise UnavailableError("supervisord does not answer", hint=f"tail {log_file}")
            time.sleep(LOOK_SECONDS)


def person() -> dict[str, str]:
    """The few things of the person's environment that programs may rely on."""
    return {name: os.environ[name] for name in ("USER", "LOGNAME", "TZ") if name in os.environ}


def _is_to_stop(info: Info) -> bool:
    if info["statename"] == "EXITED":  # about to be started again, unless it is one that runs once
        return not info["name"].endswith(".wake")
    return info["statename"] in (*RUNNING, "STOPPING")
