"""The tools of a machine beside those that run apps, as the story sees them.

Each is real on a server, and does nothing or refuses in embedded mode where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pushdeploy.machine.watched import PortUse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from pushdeploy.model.backup import BackupSettings, Retention
    from pushdeploy.model.backup_snapshots import Snapshot
    from pushdeploy.model.cron_job import TimedJob
    from pushdeploy.model.disk import Filesystem
    from pushdeploy.model.notice import Letter
    from pushdeploy.model.python_version import PythonVersion
    from pushdeploy.system.processes import Usage
    from pushdeploy.system.tcp_owner import Owner


class Resources(Protocol):
    """Memory, processors and disk."""

    def available_memory(self) -> int:
        """Bytes that can be had without swapping."""

    def total_memory(self) -> int:
        """Bytes in all."""

    def cores(self) -> int:
        """Processors that we may use."""

    def usage(self, pid: int, *, grandchildren: bool = True) -> Usage | None:
        """What a process and its children use; `None` when it has ended."""

    def server_workers(self, pid: int) -> int | None:
        """How many workers a server's master has now; `None` for one that has none by design."""

    def free_disk(self, folder: Path) -> int:
        """Bytes that may still be written on the filesystem of `folder`."""

    def booted(self) -> float:
        """When the machine was started, in epoch seconds."""


class Ports(PortUse, Protocol):
    """TCP ports: who has them, as the kernel says it, and which are free."""

    def listener(self, port: int) -> Owner | None:
        """Who gets what is sent to this port of 127.0.0.1; `None` when nobody listens."""

    def all_listening(self) -> list[tuple[int, Owner]]:
        """Every port that somebody listens on, on whatever address, and who."""

    def holder(self, port: int) -> str | None:
        """Who holds a port, in words that name the process or unit; `None` when it is free."""

    def free(self, candidates: Iterable[int]) -> int | None:
        """The first port that nobody has, on whatever address."""

    def another(self, wanted: int, taken: Collection[int] = ()) -> int:
        """What to propose instead of a port that is taken."""


class Pythons(Protocol):
    """Fetches Pythons that the system does not have."""

    def fetch(self, uv_program: Path, version: PythonVersion, folder: Path) -> Path:
        """Fetch the newest of a minor version into a folder of ours; returns where it is.

        Raises:
            UnavailableError: it could not be had, and why.
        """


class SystemPackages(Protocol):
    """Knows and installs system packages."""

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that are not installed; none where nobody can tell."""

    def install(self, names: Sequence[str]) -> None:
        """Install them, and remove nothing.

        Raises:
            UnavailableError: it failed, or can't be done here, and why.
        """


class Timers(Protocol):
    """Has commands of ours run later, without anything of ours that waits."""

    def wake(self, app: str, seconds: float) -> None:
        """Have `reconcile` run for the app after so long; the newest call counts."""

    def back_up(self, when: str) -> None:
        """Have backups made: `daily`, or at a time of each day, `03:30`; empty: no more.

        Raises:
            UnavailableError: this machine has no such timers.
        """


class Schedules(Protocol):
    """Runs an app's jobs by the clock, without anything of ours that waits."""

    @property
    def refusal(self) -> str:
        """Why it can't, in words; empty where it can."""

    def apply(self, app: str, jobs: Sequence[TimedJob]) -> bool:
        """Have exactly these jobs of the app run when they are due; True when that changed.

        A job that runs goes on. May be killed at any instant, and repeated.
        """

    def running(self, app: str) -> set[str]:
        """The names of the jobs that run now, by the clock or by hand."""


class Vitals(Protocol):
    """How the machine itself does."""

    def filesystems(self) -> list[Filesystem]:
        """Those that we write to, each once."""

    def out_of_memory(self, app: str) -> int | None:
        """How many of an app's processes the kernel has killed for lack of memory.

        It counts from when the first of the app's processes was started; `None`: nobody counts.
        """

    def memory_left(self) -> int:
        """Percent of the memory that can be had without swapping."""

    def reboot_required(self) -> bool:
        """Whether an upgrade of the system waits for one."""

    def distribution(self) -> tuple[str, str]:
        """`debian` and `12`, of os-release(5)."""


class Messenger(Protocol):
    """Brings notices to their addresses."""

    def require(self) -> None:
        """See that notices can be sent from here.

        Raises:
            UnavailableError: they can't.
        """

    def wake(self) -> None:
        """Have somebody look soon for what is to be told. Never fails, and nobody waits."""

    def send(self, letters: Sequence[Letter]) -> list[str]:
        """Send them; what went wrong with each, in words: empty when it was taken."""

    def check(self, letter: Letter) -> str:
        """What is wrong with a letter's address, without sending it; empty when nothing is."""


class Restic(Protocol):
    """Keeps backups in a repository, here or far away."""

    @property
    def host(self) -> str:
        """The name of this server, which its backups have."""

    def require(self) -> None:
        """See that it is here.

        Raises:
            UnavailableError: it is not.
        """

    def make(self, settings: BackupSettings) -> None:
        """Make the repository.

        Raises:
            UnavailableError: it can't be.
        """

    def snapshots(self, settings: BackupSettings) -> tuple[Snapshot, ...]:
        """All backups that are complete, oldest first.

        Raises:
            NotFoundError: there is no repository there.
            UnavailableError: it can't be reached, or has another password.
        """

    def backup(
        self, settings: BackupSettings, folder: Path, tags: Sequence[str], seconds: float
    ) -> str:
        """Store all that is in a folder; returns the number.

        Raises:
            TooLongError: that took longer than `seconds`.
            UnavailableError: it was not stored, or not all of it.
        """

    def restore(
        self, settings: BackupSettings, snapshot: str, folder: Path, only: Sequence[str]
    ) -> None:
        """Write what a backup holds of these paths below a folder.

        Raises:
            NotFoundError: there is no such backup.
            UnavailableError: it could not be read, or not be written.
        """

    def check(self, settings: BackupSettings) -> None:
        """Read all data back and compare it.

        Raises:
            UnavailableError: something is damaged, or can't be read.
        """

    def forget(self, settings: BackupSettings, keep: Retention) -> None:
        """Delete backups that are older than is wanted.

        Raises:
            UnavailableError: it can't be reached.
        """

    def stop(self) -> None:
        """End what a killed engine has left running."""
