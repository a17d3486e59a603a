"""Settings: a deploy and a change of the site change what is theirs, at the same time too."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.cleanup import prune
from pushdeploy.errors import UnavailableError
from pushdeploy.model.formation import Formation
from pushdeploy.model.settings import AppSettings, CertificateKind
from pushdeploy.proxy.sites import change_site
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushdeploy.events import Event

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"
DOMAINS = ("blog.example.com",)
MANY = 100


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine on which v1 serves, with a worker."""
    machine.push("one", WITH_WORKER)
    return machine


@contextmanager
def a_domain_is_added_at(machine: FakeMachine, event: str) -> Iterator[None]:
    """Somebody adds a domain and its certificate at that moment of a deploy."""

    def on_event(reported: Event) -> None:
        if reported.name == event:
            change_site(machine, APP, with_domain)

    machine.watching.on_event = on_event
    yield
    machine.watching.on_event = lambda _: None


def with_domain(before: AppSettings) -> AppSettings:
    """What `domains:add` and `certs:auto` leave."""
    return before.changed(domains=DOMAINS, certified=DOMAINS, certificate=CertificateKind.AUTO)


def workers(machine: FakeMachine) -> int:
    """How many the settings ask for."""
    return machine.records.settings().formation.instances("worker")


def test_a_domain_that_is_added_during_a_deploy_stays(live: FakeMachine) -> None:
    with a_domain_is_added_at(live, "web.starting"):
        ended = live.push("two", WITH_WORKER)

    assert ended.outcome == "live"
    assert live.records.settings() == with_domain(live.records.settings())


def test_a_domain_that_is_added_during_a_scaling_stays_beside_it(live: FakeMachine) -> None:
    with a_domain_is_added_at(live, "web.starting"):
        ended = live.scale("worker+2")

    assert ended.outcome == "live"
    assert live.records.settings() == with_domain(live.records.settings())
    assert workers(live) == 3


@pytest.mark.parametrize("event", ["web.starting", "release.switched"])
def test_a_domain_that_is_added_during_a_scaling_that_fails_stays_without_it(
    event: str, live: FakeMachine
) -> None:
    live.supervisor.crashing.add("pushdeploy-blog.v2.worker.1")

    with a_domain_is_added_at(live, event):
        ended = live.scale("worker=3")

    assert ended.exit_code == 7
    assert live.records.settings() == with_domain(live.records.settings())
    assert workers(live) == 1


def test_a_site_that_nginx_refuses_is_taken_back_without_a_scaling_meanwhile(
    live: FakeMachine,
) -> None:
    def scale(before: AppSettings) -> AppSettings:
        return before.changed(formation=Formation({"worker": 3}))

    before = live.records.settings()
    live.proxy.serves_domains = True
    live.proxy.on_apply = lambda: live.records.change_settings(scale)
    live.proxy.refusal = UnavailableError("nginx rejects it")

    with pytest.raises(UnavailableError):
        change_site(live, APP, with_domain)

    assert live.records.settings() == scale(before)


def test_settings_that_are_changed_while_others_change_and_prune_them_lose_nothing(
    live: FakeMachine,
) -> None:
    begin = threading.Barrier(3)
    failed: list[Exception] = []

    def repeat(work: Callable[[], object]) -> None:
        begin.wait()
        try:
            for _ in range(MANY):
                work()
        except Exception as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    def count(name: str) -> Callable[[], object]:
        def one_more(before: AppSettings) -> AppSettings:
            quantities = before.formation.quantities
            return before.changed(
                formation=Formation({**quantities, name: (quantities.get(name) or 0) + 1})
            )

        return lambda: live.records.change_settings(one_more)

    works = (count("one"), count("two"), lambda: prune(live.records))
    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    formation = live.records.settings().formation
    assert (formation.instances("one"), formation.instances("two")) == (MANY, MANY)
