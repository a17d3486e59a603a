"""restic, which keeps backups: encrypted, each file once, on a disk or far away.

Debian 12 has 0.14, whose every failure has status 1: what it was is read from its words. What it is
told secretly is in a file that root alone reads, and is on no command line.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.backup import (
    BackupSettings,
    sftp_login,
    split_credentials,
)
from pushdeploy.model.backup_snapshots import TAG, parse_snapshots
from pushdeploy.system import command
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.files import File, write
from pushdeploy.system.locks import held
from pushdeploy.system.restic_says import TooLongError, explained
from pushdeploy.system.systemctl import systemctl, transient_until_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.backup import Retention
    from pushdeploy.model.backup_snapshots import Snapshot
    from pushdeploy.model.room_layouts import BackupLayout

UNIT = "pushdeploy.restic.service"
"""One at a time: what a killed engine has left is stopped before the next begins."""

LIST_UNIT = "pushdeploy.restic-list.service"
"""The same, but for a list, which may be asked for while a backup is made: it may not end that."""

LOOK_SECONDS = 120.0
LONG_SECONDS = 20 * 3600.0
STOP_SECONDS = 30.0

LIST_LIMIT = 64 << 20
"""Bytes of a list: a thousand apps' names in each of a thousand snapshots."""

PARTLY = 3
"""Of `restic backup`: something could not be read, and a snapshot was made all the same."""

PROPERTIES = (
    *("NoNewPrivileges=yes", "PrivateDevices=yes", "ProtectSystem=true"),
    *("Nice=10", "IOSchedulingClass=idle", "CPUWeight=20", "KillMode=control-group"),
    *("LimitCORE=0", "UMask=0077", "RuntimeMaxSec=24h"),
)
"""It writes wherever a person has said that backups go, and holds up no app."""


@dataclass(frozen=True, slots=True)
class ResticProgram:
    """Debian's program, with what backups of this machine are told."""

    place: BackupLayout
    by_systemd: bool
    """In a unit of its own, with none of the engine's limits; else as a child of ours."""

    @property
    def host(self) -> str:
        """The name of this server, which its backups have."""
        return socket.gethostname()

    def require(self) -> None:
        """See that it is here.

        Raises:
            UnavailableError: it is not.
        """
        if shutil.which("restic", path=CLEAN_PATH) is None:
            raise UnavailableError("restic is not installed", hint="sudo apt-get install restic")

    def make(self, settings: BackupSettings) -> None:
        """Make a repository.

        Raises:
            UnavailableError: it can't be.
        """
        self._run(settings, ["init"], LOOK_SECONDS)

    def snapshots(self, settings: BackupSettings) -> tuple[Snapshot, ...]:
        """All backups that are complete, oldest first.

        Raises:
            NoRepositoryError: there is no repository there.
            WrongPasswordError: the password is another.
            UnavailableError: it can't be reached.
        """
        words = ["snapshots", "--json", "--no-lock", f"--tag={TAG}"]
        with held(self.place.list_lock, who="pushdeploy", what="a list of backups"):
            self._stop(listing=True)
            output = self._attempt(settings, words, LOOK_SECONDS, listing=True)
        if output.status != 0:
            raise explained(output, settings)
        return parse_snapshots(output.stdout)

    def backup(
        self, settings: BackupSettings, folder: Path, tags: Sequence[str], seconds: float
    ) -> str:
        """Store all that is in a folder; returns the snapshot's number.

        Raises:
            TooLongError: that took longer than `seconds`.
            UnavailableError: it was not stored, or not all of it.
        """
        self._unlock(settings)
        words = ["backup", "--json", "--quiet", "--ignore-ctime", f"--host={self.host}"]
        words += [f"--tag={','.join(tags)}", "."]
        try:
            output = self._attempt(settings, words, seconds, folder)
        except CommandFailedError as error:
            raise TooLongError(error.message, hint="pushdeploy backup:create") from error
        number = _summary(output.stdout)
        if output.status == PARTLY and number:
            self._run(settings, ["forget", number], LOOK_SECONDS)
        if output.status != 0 or not number:
            raise explained(output, settings)
        return number[:8]

    def restore(
        self, settings: BackupSettings, snapshot: str, folder: Path, only: Sequence[str]
    ) -> None:
        """Write what a backup holds of these paths below a folder.

        Raises:
            NotFoundError: there is no such backup.
            UnavailableError: it could not be read, or not be written.
        """
        included = [f"--include={path}" for path in only]
        words = ["restore", snapshot, f"--target={folder}", *included]
        output = self._attempt(settings, words, LONG_SECONDS)
        if output.status != 0:
            raise explained(output, settings, restoring=True)

    def check(self, settings: BackupSettings) -> None:
        """Read all data back and compare it.

        Raises:
            UnavailableError: something is damaged, or can't be read.
        """
        self._unlock(settings)
        self._run(settings, ["check", "--read-data"], LONG_SECONDS)

    def forget(self, settings: BackupSettings, keep: Retention) -> None:
        """Delete backups that are older than is wanted, and what only they needed.

        Raises:
            UnavailableError: it can't be reached.
        """
        self._unlock(settings)
        kept = [
            "--keep-within=1d",
            f"--keep-daily={keep.daily}",
            f"--keep-weekly={keep.weekly}",
            f"--keep-monthly={keep.monthly}",
        ]
        words = ["forget", "--prune", f"--tag={TAG}", "--group-by=host", *kept]
        self._run(settings, words, LONG_SECONDS)

    def stop(self) -> None:
        """End what a killed engine has left running."""
        self._stop(listing=False)

    def _stop(self, *, listing: bool) -> None:
        if self.by_systemd:
            unit = LIST_UNIT if listing else UNIT
            systemctl("stop", unit, check=False, seconds=STOP_SECONDS)
        self._environment_file(listing=listing).unlink(missing_ok=True)

    def _environment_file(self, *, listing: bool) -> Path:
        return self.place.list_environment if listing else self.place.environment

    def _unlock(self, settings: BackupSettings) -> None:
        """Take locks away whose holders are gone: a backup that was killed has left its own."""
        self._attempt(settings, ["unlock"], LOOK_SECONDS)

    def _run(self, settings: BackupSettings, words: list[str], seconds: float) -> command.Output:
        output = self._attempt(settings, words, seconds)
        if output.status != 0:
            raise explained(output, settings)
        return output

    def _attempt(
        self,
        settings: BackupSettings,
        words: list[str],
        seconds: float,
        folder: Path | None = None,
        *,
        listing: bool = False,
    ) -> command.Output:
        self.require()
        line = ["restic", *_options(settings, self.place), *words]
        environment = self._environment(settings)
        if not self.by_systemd:
            child = Command(line, environment, folder)
            return command.attempt(child, seconds=seconds, limit=LIST_LIMIT)
        told = self._environment_file(listing=listing)
        write(File(told, _file(environment), 0o600))
        try:
            unit = LIST_UNIT if listing else UNIT
            started = transient_until_end(_unit(unit, told, folder), line)
            return command.attempt(Command(started), seconds=seconds, limit=LIST_LIMIT)
        finally:
            self._stop(listing=listing)

    def _environment(self, settings: BackupSettings) -> dict[str, str]:
        repository, credentials = split_credentials(settings)
        return {
            "PATH": CLEAN_PATH,
            "LANG": "C.UTF-8",
            "HOME": os.environ.get("HOME", "/root"),
            "GOGC": "20",
            "RESTIC_REPOSITORY": repository,
            "RESTIC_PASSWORD_FILE": str(self.place.password),
            "RESTIC_CACHE_DIR": str(self.place.cache),
            **credentials,
        }


def _unit(unit: str, environment: Path, folder: Path | None) -> list[str]:
    """Options of systemd-run(1)."""
    return [
        *("--pipe", "--service-type=exec", f"--unit={unit}"),
        "--description=pushdeploy: backups",
        f"--property=EnvironmentFile={environment}",
        *([] if folder is None else [f"--property=WorkingDirectory={folder}"]),
        *(f"--property={one}" for one in PROPERTIES),
    ]


def _file(environment: Mapping[str, str]) -> str:
    """As systemd reads it: between single quotes nothing means anything (systemd.exec(5))."""
    quoted = {name: value.replace("'", "'\"'\"'") for name, value in environment.items()}
    return "".join(f"{name}='{value}'\n" for name, value in quoted.items())


def _options(settings: BackupSettings, place: BackupLayout) -> list[str]:
    """For sftp: the server's own key, and nobody who could be asked anything."""
    login = sftp_login(settings.repository)
    if login is None:
        return []
    ssh = (
        f"ssh -i {place.ssh_key} -oIdentitiesOnly=yes -oBatchMode=yes -oConnectTimeout=20"
        f" -oStrictHostKeyChecking=accept-new -oUserKnownHostsFile={place.known_hosts}"
        f" -oServerAliveInterval=30 -p {login[1]} {login[0]} -s sftp"
    )
    return ["-o", f"sftp.command={ssh}"]


def _summary(text: str) -> str:
    for line in reversed(text.splitlines()):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("message_type") == "summary":
            return str(record.get("snapshot_id", ""))
    return ""
