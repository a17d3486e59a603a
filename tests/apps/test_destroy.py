"""Destroying an app: killed at any instant it is finished later, and a new app loses nothing."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import create_app, destroy_app
from pushdeploy.errors import BusyError, NotFoundError, UnavailableError
from pushdeploy.model.layout import Layout
from pushdeploy.system.accounts_embedded import OwnAccounts
from pushdeploy.watch.reconcile import reconcile_all
from tests.deploy.fakes import Killed
from tests.deploy.machine import APP, FakeMachine, Watching, make_machine, names, snapshot
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.system.ownership import Findings

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"


@dataclass
class Accounts(OwnAccounts):
    """Remembers whose users there are, and tells what it is asked."""

    machine: FakeMachine
    users: set[str]
    on_call: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        """Know the folders."""
        super().__init__(self.machine.layout)

    def ensure(self, app: str, *, deep: bool = False) -> Findings:
        """Note the user."""
        findings = super().ensure(app, deep=deep)
        self.users.add(app)
        return findings

    def remove(self, app: str) -> None:
        """Forget the user."""
        self.on_call("remove")
        self.users.discard(app)


@dataclass
class Server:
    """A machine with users, on which `blog` is live."""

    machine: FakeMachine
    accounts: Accounts

    @classmethod
    def new(cls, root: Path) -> Server:
        """Make it."""
        machine = make_machine(root, root / "r")
        accounts = Accounts(machine, {APP})
        machine = replace(machine, accounts=accounts)
        machine.proxy.serves_domains = True
        machine.push("one", WITH_WORKER)
        return cls(machine, accounts)

    def destroy(self) -> None:
        """`pushdeploy apps:destroy`."""
        destroy_app(self.machine, APP, who="ada")

    def reconcile(self) -> dict[str, list[str]]:
        """`pushdeploy reconcile`."""
        return reconcile_all(self.machine, Watching())

    def create(self) -> None:
        """The same name again, with what a first push makes of it."""
        create_app(self.machine, APP, port=free_port())
        assert self.machine.push("two", WITH_WORKER).outcome == "live"

    def traces(self) -> list[str]:
        """What is left of the app."""
        machine, place = self.machine, self.machine.place
        layout = machine.layout
        found = [path for path in (place.run, place.log) if path.exists()]
        return [
            *names(layout.apps),
            *map(str, found),
            *self.accounts.users,
            *machine.supervisor.units,
            *machine.supervisor.front_servers,
        ]

    @contextmanager
    def killed_at(self, point: int) -> Iterator[list[str]]:
        """Die when the story touches the outside for the nth time; yields what it touched."""
        touched: list[str] = []

        def touch(what: str) -> None:
            touched.append(what)
            if len(touched) == point:
                raise Killed(what)

        self.tell(touch)
        with suppress(Killed):
            yield touched
        self.tell(lambda _: None)

    def tell(self, touch: Callable[[str], None]) -> None:
        """Have it called whenever the story touches the outside."""
        machine = self.machine
        machine.supervisor.on_call = self.accounts.on_call = touch
        machine.proxy.on_apply = partial(touch, "sites")
        machine.certificates.on_forget = partial(touch, "certificate")


@pytest.fixture
def server(short_folder: Path) -> Iterator[Server]:
    """A server with the app `blog`, live."""
    made = Server.new(short_folder / "state")
    yield made
    made.machine.supervisor.close()


def test_an_app_whose_settings_cannot_be_read_can_be_destroyed(server: Server) -> None:
    server.machine.place.settings.write_text("port = [")

    server.destroy()

    assert server.traces() == []


def test_a_destroyed_app_leaves_nothing(server: Server) -> None:
    server.destroy()

    assert server.traces() == []
    with pytest.raises(NotFoundError):
        server.destroy()


@pytest.mark.parametrize("recreated", [False, True], ids=["reconcile", "created again"])
def test_whatever_the_instant_what_was_killed_is_finished(
    recreated: bool,  # noqa: FBT001 - a parameter
    short_folder: Path,
) -> None:
    point, finished = 0, False
    while not finished:
        point += 1
        server = Server.new(short_folder / f"{point}")
        try:
            with server.killed_at(point) as touched:
                server.destroy()
            finished = len(touched) < point
            assert finished or names(server.machine.layout.apps) == [f".destroyed-{APP}"]
            if not recreated:
                said = {} if finished else {APP: ["finished destroying it"]}
                assert server.reconcile() == said, touched
                assert server.traces() == [], touched
            server.create()
            assert_nothing_is_lost(server, touched)
        finally:
            server.machine.supervisor.close()

    assert point > 6, "it was not killed where it matters"


def assert_nothing_is_lost(server: Server, touched: list[str]) -> None:
    """The new app is as if the old one had never been, and nobody takes anything from it."""
    machine = server.machine
    place = machine.place
    before = snapshot(place.root), snapshot(place.run), machine.running()

    said = server.reconcile()

    assert said == {APP: []}, touched
    assert (snapshot(place.root), snapshot(place.run), machine.running()) == before, touched
    assert names(machine.layout.apps) == [APP], touched
    assert server.accounts.users == {APP}, touched
    assert place.log.is_dir(), touched
    assert [one.number for one in machine.records.attempts()] == [1], touched
    assert machine.answer() == "v1", touched


def test_an_app_that_is_made_again_while_it_is_destroyed_loses_nothing(server: Server) -> None:
    machine = server.machine
    makers: list[threading.Thread] = []

    def make_again(call: str) -> None:
        if call == "end_all":
            makers.append(threading.Thread(target=create_app, args=(machine, APP)))
            makers[0].start()
            makers[0].join(0.3)
            assert makers[0].is_alive(), "it waits"

    machine.supervisor.on_call = make_again
    server.destroy()
    makers[0].join(10)
    machine.supervisor.on_call = lambda _: None

    assert machine.place.settings.exists()
    assert (machine.place.run.is_dir(), machine.place.log.is_dir()) == (True, True)
    assert server.accounts.users == {APP}
    assert machine.push("two", WITH_WORKER).outcome == "live"
    assert_nothing_is_lost(server, [])


def test_an_app_that_is_destroyed_just_before_it_is_made_is_not_made(server: Server) -> None:
    asked: list[str] = []

    class Destroying(Layout):
        """The app goes between two looks."""

        def app(self, name: str) -> AppLayout:
            asked.append(name)
            place = super().app(name)
            if len(asked) == 2:
                place.root.rename(place.destroyed)
            return place

    layout = server.machine.layout
    late = Destroying(layout.settings, layout.state, layout.run, layout.log)

    with pytest.raises(BusyError, match="`blog` is being destroyed"):
        create_app(replace(server.machine, layout=late), APP)

    assert names(layout.apps) == [f".destroyed-{APP}"]


def test_what_can_not_be_finished_is_told_and_does_not_hold_up_the_others(server: Server) -> None:
    def refuse(call: str) -> None:
        if call == "remove":
            raise UnavailableError("its user is logged in")

    server.accounts.on_call = refuse
    with pytest.raises(UnavailableError):
        server.destroy()

    said = server.reconcile()

    assert said == {APP: ["failed: its user is logged in"]}
    server.accounts.on_call = lambda _: None
    assert server.reconcile() == {APP: ["finished destroying it"]}
    assert server.traces() == []
