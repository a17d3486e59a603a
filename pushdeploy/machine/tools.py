"""The tools of a machine beside those that run apps, as the story sees them.

Each is real on a server, and does nothing or refuses in embedded mode where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pushdeploy.machine.watched import PortUse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.backup import BackupSettings, Retention
    from pushdeploy.model.backup_snapshots import Snapshot
    from pushdeploy.model.cron_job import TimedJob
    from pushdeploy.model.disk import Filesystem
    from pushdeploy.model.notice import Letter
    from pushdeploy.model.python_version import PythonVersion
    from pushdeploy.model.rights import Standing
    from pushdeploy.model.site import Certificate, NginxFeatures, Site
    from pushdeploy.system.certificates import Facts
    from pushdeploy.system.processes import Usage
    from pushdeploy.system.tcp_owner import Owner
    from pushdeploy.system.ufw import Plan


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
    """Knows and installs packages of the system."""

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


class Proxy(Protocol):
    """nginx, which serves the apps' domains."""

    @property
    def serves_domains(self) -> bool:
        """False where it never will: then there is nothing to do, and nothing to complain of."""

    def is_installed(self) -> bool:
        """True when it is here."""

    def require(self) -> None:
        """See that it is here.

        Raises:
            UnavailableError: it is not, and what to do.
        """

    @property
    def folder(self) -> Path:
        """Where our files go."""

    @property
    def snippets(self) -> Path:
        """The server owner's own files, a folder an app."""

    def features(self) -> NginxFeatures:
        """What this one can do."""

    def apply(self, look: Callable[[], Sequence[Site]], kept: Collection[str] = ()) -> list[str]:
        """Make it serve exactly the sites that are found; returns the files that changed.

        Of the apps in `kept` it is not known what they should be: their files stay as they are.

        Raises:
            UnavailableError: it refuses; the files are as they were.
        """

    def is_as(self, sites: Sequence[Site], kept: Collection[str] = ()) -> bool:
        """True when it serves exactly these sites, and those that are kept; only looks."""

    def test_and_reload(self) -> None:
        """Take up what changed outside our files, such as a renewed certificate.

        Raises:
            UnavailableError: it refuses and goes on as it was.
        """

    def has_bare_address(self, app: str) -> bool:
        """False when requests that name no domain go to somebody else's site."""

    def worker(self) -> str:
        """The user as whom it reads files."""

    def let_in(self) -> list[str]:
        """Let it reach the apps' sockets, in case their group was made again; what was done."""

    def maintenance_page(self, message: str) -> str:
        """What it shows instead of an app."""

    def obstacles(self, sites: Sequence[Site], bare: str | None) -> list[tuple[str, str]]:
        """What keeps visitors from these sites though our files are in order, and what cures it.

        Args:
            sites: what it should serve.
            bare: the app that should answer where no domain is named.
        """


class Certificates(Protocol):
    """Gets certificates, keeps them renewed, and reads them."""

    def require_issuer(self) -> None:
        """See that one can be asked for.

        Raises:
            UnavailableError: it can't be, and what to do.
        """

    def check_reachable(self, domain: str, webroot: Path) -> None:
        """See that a domain leads here, as an ACME server will.

        Raises:
            UnavailableError: it does not.
        """

    def issue(
        self, app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str
    ) -> None:
        """Ask for a certificate for these names, and have it renewed.

        Raises:
            UnavailableError: it was not given. What was there stays.
        """

    def issued(self, app: str) -> Certificate:
        """Where an app's certificate lies that was issued."""

    def forget(self, app: str) -> None:
        """Have an app's certificate renewed no more, and delete it."""

    def save(self, folder: Path) -> None:
        """Copy all certificates that were issued, with what renews them, into a new folder."""

    def bring_back(self, folder: Path, app: str) -> bool:
        """Put an app's certificate where it was on another server; False when there is none."""

    def make_refusing(self, certificate: Certificate) -> None:
        """Make the one that is shown to who asks for a name that nobody has."""

    def check(self, chain: bytes, key: bytes, domains: Sequence[str], now: float) -> None:
        """See that browsers would take it.

        Raises:
            RefusedInputError: they would not.
        """

    def facts(self, chain: bytes) -> Facts:
        """What a certificate says."""

    def is_trusted(self, chain: bytes) -> bool:
        """True when browsers know who issued it."""

    def served(self, domain: str) -> str | None:
        """The fingerprint of what visitors of a domain get; `None` when they get none."""


class Firewall(Protocol):
    """Lets in ssh, HTTP and HTTPS, and keeps users of this machine apart."""

    def is_active(self) -> bool:
        """True when it is on."""

    def status(self) -> list[str]:
        """Its own words."""

    def plan(self, connection: str) -> Plan:
        """What turning it on would do, seen from who came by this connection.

        Raises:
            UnavailableError: it would lock whoever asks out, or there is none.
        """

    def enable(self, planned: Plan) -> None:
        """Open the ports, then turn it on.

        Raises:
            UnavailableError: a rule did not arrive; it was not turned on.
        """

    def fence(self, own: Mapping[int, Collection[int]], inner: Collection[int]) -> bool:
        """Have each of these users use its own ports of this machine, and none of the others'.

        Neither connect to them nor answer there. It need not be on for that.

        Args:
            own: a user's number, and the TCP ports that are his.
            inner: ports that no other machine is to reach, whatever address they listen on.

        Returns:
            False where that can't be had; then nobody is kept from anything.
        """

    def keeps_in(self, ports: Collection[int]) -> bool:
        """Whether no other machine reaches these ports, as the kernel says now."""


class Access(Protocol):
    """Who may ask, and how those who push come in."""

    def standing(self, user: int) -> Standing:
        """What the user of this number is to us."""

    def refusal(self, name: str) -> tuple[str, str | None]:
        """What a stranger of this name is told, and what would let him in."""

    def require_keys(self) -> None:
        """See that ssh keys mean something here.

        Raises:
            UnavailableError: nobody comes over ssh.
        """

    def obstacles(self) -> list[tuple[str, str]]:
        """What keeps the keys of pushdeploy from logging in, and what cures it."""


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
