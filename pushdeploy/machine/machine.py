"""The machine as the story sees it: what it calls; the real things are handed in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pushdeploy.model.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pushdeploy.machine.databases import Redis, SqlServer
    from pushdeploy.machine.network import Access, Certificates, Firewall, Proxy
    from pushdeploy.machine.tools import (
        Messenger,
        Ports,
        Pythons,
        Resources,
        Restic,
        Schedules,
        SystemPackages,
        Timers,
        Vitals,
    )
    from pushdeploy.model.instance import Instance, Status
    from pushdeploy.model.job import Fed, Job
    from pushdeploy.model.layout import Layout
    from pushdeploy.model.log_line import Keeping, LogLine
    from pushdeploy.system.owned_tree import Owner
    from pushdeploy.system.ownership import Findings


class Supervisor(Protocol):
    """Keeps instances running: systemd on a server, supervisord in embedded mode.

    Every call may be repeated, and may be killed at any instant.
    """

    def apply(self, instances: Sequence[Instance]) -> None:
        """Make the instances known; starts nothing."""

    def listen(self, instances: Sequence[Instance]) -> None:
        """Open the sockets of what does not run, and start nothing."""

    def start(self, instances: Sequence[Instance]) -> None:
        """Start what does not run: all sockets first, then services, without waiting for them."""

    def stop(self, instances: Sequence[Instance]) -> None:
        """Stop services, then their sockets: TERM, the grace, KILL; returns when they are gone."""

    def forget(self, app: str, units: Sequence[str]) -> None:
        """Stop these units (names without a type) and remove what `apply` wrote for them."""

    def set_pause(self, unit: str, seconds: int) -> None:
        """How long a unit waits after its end until it is restarted; `start` makes it short."""

    def statuses(self, app: str) -> list[Status]:
        """Every instance of the app that is known, wanted or not."""

    def tail(self, instance: Instance, lines: int) -> list[str]:
        """The last lines that the instance itself printed, oldest first."""

    def logs(
        self, app: str, *, names: Collection[str], lines: int, follow: bool
    ) -> Iterator[LogLine | None]:
        """What the app's instances printed, of this release and former ones, oldest first.

        Args:
            app: its name.
            names: process types or instances (`worker`, `worker.1`); none means all.
            lines: how many of the last ones.
            follow: then go on for ever with each new line, and with `None` whenever there has been
                none for a while, so that the caller can look whether anybody still reads.
        """

    def keeping(self) -> Keeping:
        """How long what instances print is kept."""

    def can_bind(self) -> bool:
        """Whether a job can find a folder in the place of another (`Job.bound`, `Job.shown`)."""

    def once(self, job: Job, on_line: Callable[[str], None], fed: Fed | None = None) -> int:
        """Run a job to its end, its output line by line; returns its exit status.

        What is `fed` is called once the job was asked for, and tells it to go on by what it gets.
        """

    def run(
        self,
        job: Job,
        descriptors: tuple[int, int, int],
        *,
        terminal: bool,
        left: Callable[[], bool],
    ) -> int:
        """Run a job connected to these descriptors; returns its exit status, 128 + N for signal N.

        With `terminal` the first is a terminal, and the job gets one of its own. Once `left` says
        that whoever asked is gone, the job gets a HUP, as at a terminal that was closed.
        """

    def paused(self, app: str, seconds: float) -> AbstractContextManager[bool]:
        """Have nothing of the app run while the block does, and no longer than these seconds.

        Gives whether it is so. Requests wait meanwhile. It goes on even when we are killed.
        """

    def stop_jobs(self, app: str) -> None:
        """End builds and release phases of a killed engine; delete what it wrote half."""

    def open_front(self, app: str, port: int, live_socket: Path) -> None:
        """Serve 127.0.0.1:`port` from the live socket; leaves a right one alone."""

    def close_front(self, app: str) -> None:
        """Stop serving the app's port."""

    def end_all(self, app: str) -> None:
        """Before the app is destroyed: end one-off commands too, and have no `wake` wait."""

    def fronts(self) -> list[str]:
        """Apps whose front is open."""


class Accounts(Protocol):
    """Who owns what: own users on a server, one person in embedded mode."""

    def ensure_server(self, *, deep: bool = False) -> Findings:
        """Make what all apps share, users and folders, or fix it."""

    def ensure(self, app: str, *, deep: bool = False) -> Findings:
        """Make the app's users and folders, or fix them.

        Looks at a few files each time, with `deep` at all.
        """

    def refuse_foreign(self, app: str) -> None:
        """See that the names of the app's users are free, or ours; changes nothing.

        Raises:
            UnavailableError: somebody else made a user or group of such a name.
        """

    def remove(self, app: str) -> None:
        """Delete the app's users, and what they left outside of its folders."""

    def app_group(self, app: str) -> int | None:
        """The group that reads the app's secrets; `None` in embedded mode."""

    def app_user(self, app: str) -> str:
        """Who runs the app."""

    def user_id(self, app: str) -> int | None:
        """The number of who runs the app; `None` when there is no such user."""

    def own_users(self, app: str) -> set[int]:
        """The numbers of the users that are this app's alone; none in embedded mode."""

    def build_user(self, app: str) -> str:
        """Who builds its venv."""

    def run_as(self, app: str) -> str | None:
        """Who a command of the app's is to be started as; `None` when that is who we are."""

    def git_user(self) -> str | None:
        """Who owns repos and slugs; `None`: ourselves."""

    def own_work(self, app: str, folders: Sequence[Path]) -> None:
        """Make new folders that are the build user's alone, in this order."""

    def own_venv(self, app: str, folder: Path) -> None:
        """Hand the new, empty venv folder to the build user."""

    def seal(self, app: str, folder: Path) -> None:
        """Make a slug that the build user has filled nobody's to change.

        Raises:
            RefusedInputError: something in it can't be sealed.
        """

    def venv_owner(self, app: str) -> Owner | None:
        """Who gets the folders of a venv in which files are linked; `None`: they are copied."""

    def seal_venvs(self, app: str) -> None:
        """Have nobody but root write into the venvs that are complete."""


class CheckoutWorker(Protocol):
    """Does what touches repos and slugs, as the user who owns them."""

    def prepare(self) -> None:
        """Get ready for the first question, which will come soon."""

    def ask(self, verb: str, **request: Any) -> str:
        """Do something (`pushdeploy/deploy/checkout_worker.py`); returns its answer, JSON."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine."""

    layout: Layout
    supervisor: Supervisor
    accounts: Accounts
    checkout_worker: CheckoutWorker
    resources: Resources
    ports: Ports
    timers: Timers
    schedules: Schedules
    pythons: Pythons
    packages: SystemPackages
    proxy: Proxy
    certificates: Certificates
    firewall: Firewall
    access: Access
    postgres: SqlServer
    mysql: SqlServer
    restic: Restic
    redis: Redis
    vitals: Vitals
    messenger: Messenger
    python: Path
    """The interpreter that runs us, for child processes of ours."""
    server_python: Path
    """The interpreter that apps get when they ask for none."""
    uv: Path
    engine_log: str
    """The command that shows what the engine wrote of itself."""
    proxy_host: Callable[[str], str]
    """The `Host` header under which an app is known: its domain, else `localhost`."""
    now: Callable[[], float] = time.time
    """Epoch seconds."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def sql(self, kind: Database) -> SqlServer:
        """The server of a kind of database that has tables."""
        return self.mysql if kind is Database.MYSQL else self.postgres
