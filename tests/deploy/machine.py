"""A server in one folder, and the words in which the tests speak of it."""

from __future__ import annotations

import hashlib
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.apps.deploy_branch import set_first_branch
from pushdeploy.apps.lifecycle import create_app
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.deploy.converge import converge, deploy_revision
from pushdeploy.deploy.rollback import rollback
from pushdeploy.machine.machine import Machine
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.formation import parse_scale
from pushdeploy.model.layout import embedded
from pushdeploy.model.release import Kind
from pushdeploy.records.app_records import AppRecords
from pushdeploy.watch.boot_all import boot_all
from pushdeploy.watch.reconcile import reconcile
from tests.deploy.clock import FakeClock
from tests.deploy.fake_tools import (
    FakeAccess,
    FakeAccounts,
    FakeCertificates,
    FakeFirewall,
    FakeMessenger,
    FakePackages,
    FakePorts,
    FakeProxy,
    FakeRedis,
    FakeRestic,
    FakeSchedules,
    FakeSqlServer,
    FakeVitals,
)
from tests.deploy.fakes import (
    WEB,
    FakeCheckoutWorker,
    FakePythons,
    FakeResources,
    FakeSupervisor,
    FakeTimers,
)
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.events import Event, Report
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.ended import Ended
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.system.locks import Holder

APP = "blog"


@dataclass
class Watching:
    """Remembers what it is told."""

    events: list[Event] = field(default_factory=list)
    waited_for: list[Holder] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _: None

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""
        self.waited_for.append(holder)

    def begin(self, app: str, attempt: int) -> Report:
        """An attempt begins."""

        def report(event: Event) -> None:
            self.on_event(event)
            self.events.append(event)

        return report

    def names(self) -> list[str]:
        """The events in order."""
        return [event.name for event in self.events]

    def one(self, kind: type[Event]) -> Event:
        """The only event of a kind."""
        (found,) = [event for event in self.events if isinstance(event, kind)]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMachine(Machine):
    """One app on a machine of fakes."""

    supervisor: FakeSupervisor
    accounts: FakeAccounts
    ports: FakePorts
    checkout_worker: FakeCheckoutWorker
    resources: FakeResources
    timers: FakeTimers
    schedules: FakeSchedules
    pythons: FakePythons
    packages: FakePackages
    proxy: FakeProxy
    certificates: FakeCertificates
    firewall: FakeFirewall
    access: FakeAccess
    postgres: FakeSqlServer
    mysql: FakeSqlServer
    restic: FakeRestic
    redis: FakeRedis
    clock: FakeClock
    watching: Watching

    @property
    def place(self) -> AppLayout:
        """The app's folders."""
        return self.layout.app(APP)

    @property
    def records(self) -> AppRecords:
        """The app's records."""
        return AppRecords(self.place)

    def branch_names(self, commit: str) -> None:
        """What a push leaves in the repo."""
        set_first_branch(self, APP, "main")
        ref = self.place.repo / "refs" / "heads" / "main"
        ref.write_text(f"{commit}\n")

    def push(self, name: str, procfile: str = WEB, *, who: str = "ada", **tree: object) -> Ended:
        """`git push` of a commit that is made from this text; the same name is the same commit."""
        commit = self.checkout_worker.commit(name, procfile, **tree)  # type: ignore[arg-type]
        after = max((one.number for one in self.records.attempts()), default=0)
        self.branch_names(commit)
        return self.converge(Occasion.PUSH, after=after, who=who)

    def converge(self, occasion: Occasion, *, after: int | None = None, who: str = "ada") -> Ended:
        """Ask for what the branch wants."""
        self.watching.events.clear()
        return converge(self, APP, self.watching, occasion=occasion, who=who, after=after)

    def deploy(self, revision: str = "") -> Ended:
        """`pushdeploy deploy`."""
        self.watching.events.clear()
        return deploy_revision(self, APP, self.watching, revision=revision, who="ada")

    def rollback(self, number: int | None = None) -> Ended:
        """`pushdeploy rollback`."""
        self.watching.events.clear()
        return rollback(self, APP, self.watching, number=number, who="ada")

    def set_config(self, **values: str) -> Ended:
        """`pushdeploy config:set`."""

        def environment(before: Environment) -> Environment:
            return before.set(values)

        return self.change_release(Change(Kind.CONFIG, "Set config vars", environment=environment))

    def scale(self, *words: str) -> Ended:
        """`pushdeploy ps:scale`."""
        changes = parse_scale(words)

        def settings(before: AppSettings) -> AppSettings:
            return before.changed(formation=before.formation.scaled(changes))

        return self.change_release(Change(Kind.SCALE, "Scale", settings=settings))

    def restart(self) -> Ended:
        """`pushdeploy restart`."""
        return self.change_release(Change(Kind.RESTART, "Restart"))

    def change_release(self, change: Change) -> Ended:
        """A new release from the live one."""
        self.watching.events.clear()
        return change_release(self, APP, self.watching, change=change, who="ada")

    def reconcile(self) -> list[str]:
        """`pushdeploy reconcile`."""
        self.watching.events.clear()
        return reconcile(self, APP, self.watching)

    def boot(self) -> list[str]:
        """What happens when the machine starts."""
        return boot_all(self)

    def settings(self, **values: object) -> None:
        """Change the app's settings as if they had always been so."""
        self.records.change_settings(lambda before: before.changed(**values))

    def running(self) -> list[str]:
        """What runs, such as `v2 web.1`."""
        return self.supervisor.up(APP)

    def answer(self) -> str:
        """What a visitor of the app's own port gets."""
        url = f"http://127.0.0.1:{self.records.settings().port}/"
        with urllib.request.urlopen(url, timeout=5) as response:
            return str(response.read().decode())

    def releases(self) -> list[str]:
        """The names in the folder of releases."""
        return names(self.place.releases)

    def is_whole(self) -> bool:
        """True when `current` leads to a complete release."""
        current = self.place.current
        return (
            (current / "release.json").is_file()
            and (current / "code").is_dir()
            and (current / "venv" / ".complete").is_file()
        )


def make_machine(root: Path, run: Path) -> FakeMachine:
    """A machine with one empty app.

    Args:
        root: what lasts.
        run: for sockets, so it must be short.
    """
    clock = FakeClock()
    layout = embedded(root, run)
    proxy = FakeProxy(root / "nginx")
    machine = FakeMachine(
        layout=layout,
        supervisor=FakeSupervisor(),
        accounts=FakeAccounts(layout),
        checkout_worker=FakeCheckoutWorker(),
        resources=FakeResources(),
        ports=FakePorts(),
        timers=FakeTimers(),
        schedules=FakeSchedules(),
        pythons=FakePythons(),
        packages=FakePackages(),
        proxy=proxy,
        certificates=FakeCertificates(root / "issued", proxy),
        firewall=FakeFirewall(),
        access=FakeAccess(),
        postgres=FakeSqlServer(),
        mysql=FakeSqlServer(),
        restic=FakeRestic(root / "repository", now=clock.now),
        redis=FakeRedis(),
        vitals=FakeVitals(),
        messenger=FakeMessenger(),
        python=Path(sys.executable),
        server_python=Path(sys.executable),
        uv=Path("/nonexistent/uv"),
        engine_log="less engine.log",
        proxy_host=lambda _: "localhost",
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        clock=clock,
        watching=Watching(),
    )
    create_app(machine, APP, port=free_port())
    return machine


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, str]:
    """Every path below a folder with a digest of what it is; who holds the lock changes always."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name == "lock.holder":
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.is_dir():
            found[name] = "folder"
    return found
