"""A proxy, certificates, a firewall and ssh that are not there, and remember what was asked."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError, UnavailableError
from pushdeploy.model.backup_snapshots import Snapshot
from pushdeploy.model.database import RedisFacts, SqlFacts
from pushdeploy.model.disk import Filesystem
from pushdeploy.model.site import Certificate, NginxFeatures
from pushdeploy.system.accounts_embedded import OwnAccounts
from pushdeploy.system.certificates import Facts
from pushdeploy.system.embedded_tools import NoAccess
from pushdeploy.system.ports import TcpPorts
from pushdeploy.system.ufw import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.backup import BackupSettings, Retention
    from pushdeploy.model.cron_job import TimedJob
    from pushdeploy.model.layout import Layout
    from pushdeploy.model.notice import Letter
    from pushdeploy.model.site import Site
    from pushdeploy.system.held_ports import Held
    from pushdeploy.system.tcp_owner import Owner

AUTHORITY = "A fake authority"


@dataclass
class FakeSchedules:
    """Runs nothing, and knows what it should run."""

    refusal: str = ""
    timed: dict[str, tuple[TimedJob, ...]] = field(default_factory=dict)
    now: set[str] = field(default_factory=set)
    """What runs at this moment."""
    on_call: Callable[[str], None] = lambda _: None

    def apply(self, app: str, jobs: Sequence[TimedJob]) -> bool:
        """Remember them."""
        self.on_call("schedules.apply")
        before, self.timed[app] = self.timed.get(app, ()), tuple(jobs)
        return before != tuple(jobs)

    def running(self, app: str) -> set[str]:
        """What the test said."""
        return self.now


@dataclass
class FakeProxy:
    """Serves what it was told; nothing at first, as in embedded mode."""

    root: Path
    serves_domains: bool = False
    installed: bool = True
    served: tuple[Site, ...] = ()
    shown: dict[Path, bytes] = field(default_factory=dict)
    """Certificates as they were when it read them last."""
    refusal: UnavailableError | None = None
    """What it says to the next change."""
    on_apply: Callable[[], None] = lambda: None
    shut_out: bool = False
    """It can't reach the apps' sockets."""
    in_the_way: list[tuple[str, str]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Nothing lies there."""
        return self.root / "conf.d"

    @property
    def snippets(self) -> Path:
        """Nothing lies there."""
        return self.root / "snippets"

    def is_installed(self) -> bool:
        """What the test said."""
        return self.installed

    def require(self) -> None:
        """Refuse without one."""
        if not (self.serves_domains and self.installed):
            raise UnavailableError("nginx is not installed", hint="install it")

    def features(self) -> NginxFeatures:
        """A new one."""
        return NginxFeatures(
            http2_directive=True,
            reject_handshake=True,
            keeps_upstreams=True,
            post_quantum=True,
            ipv6=True,
            acme=self.root / "acme",
            pages=self.root / "pages",
            snippets=self.snippets,
            own_certificate=None,
            taken=frozenset(),
            hash_sizes=(),
        )

    def apply(self, look: Callable[[], Sequence[Site]], kept: Collection[str] = ()) -> list[str]:
        """Take the sites, or refuse."""
        self.on_apply()
        wanted = tuple(look())
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        before, self.served = self.served, wanted
        if wanted != before:
            self._read()
        return [site.app for site in wanted if site not in before]

    def is_as(self, sites: Sequence[Site], kept: Collection[str] = ()) -> bool:
        """Compare."""
        return self.served == tuple(sites)

    def test_and_reload(self) -> None:
        """Read what lies there now."""
        self._read()

    def has_bare_address(self, app: str) -> bool:
        """Nobody else's site is there."""
        return True

    def worker(self) -> str:
        """Debian's."""
        return "www-data"

    def let_in(self) -> list[str]:
        """Once, when it was shut out."""
        did = ["let nginx in"] if self.shut_out else []
        self.shut_out = False
        return did

    def maintenance_page(self, message: str) -> str:
        """The message."""
        return message

    def obstacles(self, sites: Sequence[Site], bare: str | None) -> list[tuple[str, str]]:
        """What the test said."""
        return self.in_the_way

    def _read(self) -> None:
        chains = [site.certificate.chain for site in self.served if site.certificate]
        self.shown = {chain: chain.read_bytes() for chain in chains}


@dataclass
class FakeCertificates:
    """A certificate is a line of the names that it is good for."""

    root: Path
    proxy: FakeProxy
    unreachable: set[str] = field(default_factory=set)
    """Domains that lead elsewhere."""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """The names of each that was asked for."""
    on_forget: Callable[[], None] = lambda: None

    def require_issuer(self) -> None:
        """It is always there."""

    def check_reachable(self, domain: str, webroot: Path) -> None:
        """What the test said."""
        if domain in self.unreachable:
            raise UnavailableError(f"`{domain}` leads elsewhere")

    def issue(
        self, app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str
    ) -> None:
        """Write it down."""
        self.asked.append(tuple(domains))
        self.change_release(app, " ".join(domains))

    def change_release(self, app: str, text: str) -> None:
        """What certbot's timer does."""
        place = self.issued(app)
        place.chain.parent.mkdir(parents=True, exist_ok=True)
        place.chain.write_text(text)
        place.key.write_text("key")

    def issued(self, app: str) -> Certificate:
        """In a folder of its own."""
        return Certificate(self.root / app / "chain", self.root / app / "key")

    def forget(self, app: str) -> None:
        """Delete it."""
        self.on_forget()
        place = self.issued(app)
        place.chain.unlink(missing_ok=True)
        place.key.unlink(missing_ok=True)

    def save(self, folder: Path) -> None:
        """Copy all."""
        if self.root.is_dir():
            shutil.copytree(self.root, folder)

    def bring_back(self, folder: Path, app: str) -> bool:
        """Copy one."""
        if not (folder / app).is_dir() or (self.root / app).exists():
            return False
        shutil.copytree(folder / app, self.root / app)
        return True

    def make_refusing(self, certificate: Certificate) -> None:
        """A new nginx needs none."""

    def check(self, chain: bytes, key: bytes, domains: Sequence[str], now: float) -> None:
        """Each key fits, but one."""
        if b"wrong" in key:
            raise RefusedInputError("the key does not fit")

    def facts(self, chain: bytes) -> Facts:
        """Its words are names."""
        digest = hashlib.sha256(chain).hexdigest()
        names = tuple(word for word in chain.decode().split() if "." in word)
        return Facts(names=names, issuer=AUTHORITY, ends=2e9, fingerprint=digest)

    def is_trusted(self, chain: bytes) -> bool:
        """By everybody."""
        return True

    def served(self, domain: str) -> str | None:
        """What the proxy has read for the site of that name."""
        for site in self.proxy.served:
            if domain in site.domains and site.certificate is not None:
                return self.facts(self.proxy.shown[site.certificate.chain]).fingerprint
        return None


@dataclass
class FakeFirewall:
    """Off until it is turned on."""

    active: bool = False
    fenced: Mapping[int, Collection[int]] = field(default_factory=dict)
    inner: Collection[int] = ()
    can_keep_in: bool = True

    def is_active(self) -> bool:
        """True when it was turned on."""
        return self.active

    def status(self) -> list[str]:
        """In its words."""
        return [f"Status: {'active' if self.active else 'inactive'}"]

    def plan(self, connection: str) -> Plan:
        """Ssh is on its own port."""
        return Plan((22,), (22, 80, 443), active=self.active, ipv6=True)

    def enable(self, planned: Plan) -> None:
        """Turn it on."""
        self.active = True

    def fence(self, own: Mapping[int, Collection[int]], inner: Collection[int]) -> bool:
        """Remember it."""
        self.fenced, self.inner = own, inner if self.can_keep_in else ()
        return True

    def keeps_in(self, ports: Collection[int]) -> bool:
        """As it was last told."""
        return self.can_keep_in and set(ports) <= set(self.inner)


class FakeAccounts(OwnAccounts):
    """As in embedded mode, but that each app's processes are told from everybody else's."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.users: dict[str, set[int]] = {}
        """The users of apps of which a test says so; others have ours."""

    def own_users(self, app: str) -> set[int]:
        """What the test said."""
        return self.users.get(app, {os.getuid()})


@dataclass
class FakePorts(TcpPorts):
    """The real ones, but that a test says what each user takes from the others."""

    taken: dict[int, Held] = field(default_factory=dict)
    heard: set[tuple[int, int]] = field(default_factory=set)

    all_heard: list[tuple[int, Owner]] | None = None
    others: dict[int, Owner] = field(default_factory=dict)
    """Who listens on ports of which a test says so."""

    def listener(self, port: int) -> Owner | None:
        """Who the test said, or the kernel."""
        return self.others[port] if port in self.others else super().listener(port)

    def all_listening(self) -> list[tuple[int, Owner]]:
        """What the test said, or the kernel."""
        return super().all_listening() if self.all_heard is None else self.all_heard

    def by_user(self) -> dict[int, Held]:
        """What the test said."""
        return self.taken

    def listening(self) -> set[tuple[int, int]]:
        """What the test said."""
        return self.heard


@dataclass
class FakePackages:
    """Packages of the system in name only."""

    here: set[str] = field(default_factory=set)
    refusal: Exception | None = None

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that the test has not put here."""
        return tuple(name for name in names if name not in self.here)

    def install(self, names: Sequence[str]) -> None:
        """They are here then."""
        if self.refusal is not None:
            raise self.refusal
        self.here.update(names)


@dataclass
class FakeSqlServer:
    """Databases in name only."""

    installed: bool = True
    databases: set[str] = field(default_factory=set)
    connections: dict[str, int] = field(default_factory=dict)
    """How many each role may have."""

    def is_installed(self) -> bool:
        """What the test said, until it was installed."""
        return self.installed

    def install(self) -> None:
        """It is here then."""
        self.installed = True

    def has(self, name: str) -> bool:
        """True when it was made."""
        return self.installed and name in self.databases

    def ensure(self, name: str, connections: int) -> None:
        """Remember it."""
        self.connections[name] = connections
        self.databases.add(name)

    def facts(self, name: str) -> SqlFacts:
        """Always the same."""
        return SqlFacts("17.6", 7_680_000, 3, 40, 0.4)

    def drop(self, name: str) -> None:
        """Forget it."""
        self.databases.discard(name)


@dataclass
class FakeRedis:
    """Each app's in name only."""

    installed: bool = True
    running: dict[str, int] = field(default_factory=dict)
    """How many MiB each app's may fill."""
    held: dict[str, bytes] = field(default_factory=dict)
    """What each app's was restored from."""
    waited: bool = True
    """Who started one last waited until it was ready."""

    def is_installed(self) -> bool:
        """What the test said, until it was installed."""
        return self.installed

    def package(self) -> str:
        """Debian 13's."""
        return "valkey-server"

    def install(self) -> None:
        """It is here then."""
        self.installed = True

    def start(self, app: str, memory: int, *, wait: bool = True) -> bool:
        """Remember it."""
        self.waited = wait
        if not self.installed:
            raise UnavailableError("Redis is not installed", hint="pushdeploy redis:create --yes")
        before = self.running.get(app)
        self.running[app] = memory
        return before != memory

    def facts(self, app: str) -> RedisFacts:
        """Always the same."""
        return RedisFacts("8.1.1", 1_200_000, 268_435_456, 2, 17, persisted=True)

    def restore(self, app: str, path: Path) -> None:
        """Remember it."""
        self.held[app] = path.read_bytes()

    def remove(self, app: str) -> None:
        """Forget it."""
        self.running.pop(app, None)


@dataclass
class FakeVitals:
    """A machine that is well, until a test says something else."""

    disks: list[Filesystem] = field(default_factory=lambda: [Filesystem("/", 10, 5)])
    killed: dict[str, int] = field(default_factory=dict)
    """By app."""
    left: int = 60
    reboot: bool = False
    system: tuple[str, str] = ("debian", "13")

    def filesystems(self) -> list[Filesystem]:
        return self.disks

    def out_of_memory(self, app: str) -> int | None:
        return self.killed.get(app)

    def memory_left(self) -> int:
        return self.left

    def reboot_required(self) -> bool:
        return self.reboot

    def distribution(self) -> tuple[str, str]:
        return self.system


@dataclass
class FakeMessenger:
    """Keeps what is sent; some addresses don't take it."""

    sent: list[Letter] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    """By URL, what goes wrong there."""
    woken: int = 0

    def require(self) -> None: ...

    def wake(self) -> None:
        self.woken += 1

    def send(self, letters: Sequence[Letter]) -> list[str]:
        self.sent += [one for one in letters if one.url not in self.refusing]
        return [self.refusing.get(one.url, "") for one in letters]

    def check(self, letter: Letter) -> str:
        return self.refusing.get(letter.url, "")


@dataclass
class FakeAccess(NoAccess):
    """As in embedded mode, but that keys let in."""

    in_the_way: list[tuple[str, str]] = field(default_factory=list)

    def require_keys(self) -> None:
        """They mean something."""

    def obstacles(self) -> list[tuple[str, str]]:
        """What the test said."""
        return self.in_the_way


@dataclass
class FakeRestic:
    """A repository in memory: each backup is a copy of the folder."""

    root: Path
    made: list[str] = field(default_factory=list)
    """Repositories that are there."""
    kept: dict[str, tuple[Snapshot, Path]] = field(default_factory=dict)
    refusal: UnavailableError | None = None
    """What it says to the next call."""
    now: Callable[[], float] = lambda: 0.0
    forgotten: list[Retention] = field(default_factory=list)
    checked: int = 0
    on_call: Callable[[str], None] = lambda _: None
    host: str = "server"

    def require(self) -> None:
        """It is here."""

    def make(self, settings: BackupSettings) -> None:
        """Know the repository."""
        self._asked("make")
        self.made.append(settings.repository)

    def snapshots(self, settings: BackupSettings) -> tuple[Snapshot, ...]:
        """Those that were stored."""
        self._asked("snapshots")
        if settings.repository not in self.made:
            raise NotFoundError("there are no backups there")
        return tuple(sorted((one for one, _ in self.kept.values()), key=lambda one: one.at))

    def backup(
        self,
        settings: BackupSettings,
        folder: Path,
        tags: Sequence[str],
        seconds: float,
    ) -> str:
        """Copy it."""
        self._asked("backup")
        number = f"{len(self.kept) + 1:08x}"
        copy = self.root / number
        shutil.copytree(folder, copy, symlinks=True)
        apps = tuple(one.removeprefix("app=") for one in tags if one.startswith("app="))
        left = tuple(one.removeprefix("left=") for one in tags if one.startswith("left="))
        self.kept[number] = (Snapshot(number, self.now(), self.host, apps, left, 0), copy)
        return number

    def restore(
        self, settings: BackupSettings, snapshot: str, folder: Path, only: Sequence[str]
    ) -> None:
        """Copy it back."""
        self._asked("restore")
        number = snapshot
        if number not in self.kept:
            raise NotFoundError("there is no such backup", hint="pushdeploy backup:list")
        for path in only or ("/",):
            source = self.kept[number][1] / path.strip("/")
            if source.exists():
                shutil.copytree(source, folder / path.strip("/"), symlinks=True, dirs_exist_ok=True)

    def check(self, settings: BackupSettings) -> None:
        """Count it."""
        self._asked("check")
        self.checked += 1

    def forget(self, settings: BackupSettings, keep: Retention) -> None:
        """Remember what is to be kept."""
        self._asked("forget")
        self.forgotten.append(keep)

    def stop(self) -> None:
        """Nothing runs on."""

    def _asked(self, call: str) -> None:
        self.on_call(call)
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
