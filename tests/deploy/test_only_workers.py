"""A repo without web: no front and no health check, and all the rest as everywhere."""

from __future__ import annotations

from pushdeploy.deploy.pulse import trouble
from pushdeploy.events import RolledBack, WentLive
from pushdeploy.model.job import JobKind
from pushdeploy.model.repo_settings import RepoSettings
from pushdeploy.watch.boot_all import idle
from pushdeploy.watch.watchdog import find
from tests.deploy.machine import APP, FakeMachine

WORKER = "worker: python work.py\n"
WITH_WEB = "web: gunicorn app:app\nworker: python work.py\n"


def test_workers_alone_go_live_and_are_watched(machine: FakeMachine) -> None:
    ended = machine.push("one", WORKER)

    assert (ended.outcome, ended.release) == ("live", 1)
    assert machine.running() == ["v1 worker.1"]
    told = machine.watching.one(WentLive)
    assert isinstance(told, WentLive)
    assert told.addresses == ()
    assert not {"web.starting", "web.healthy", "web.stayed_up"} & set(machine.watching.names())
    assert APP not in machine.supervisor.fronts()
    assert trouble(machine, machine.records) == ""
    assert find(machine, [], machine.now()) == []
    assert idle(machine) == []


def test_a_worker_that_falls_fails_the_deploy_as_it_does_beside_web(machine: FakeMachine) -> None:
    machine.push("one", WORKER)
    machine.supervisor.crashing.add("worker")

    ended = machine.push("two", WORKER)

    assert ended.outcome == "failed"


def test_a_web_that_is_gone_takes_its_front_along_and_a_rollback_brings_both_back(
    machine: FakeMachine,
) -> None:
    machine.push("one", WITH_WEB)

    machine.push("two", WORKER)

    assert machine.running() == ["v1 web.1", "v2 worker.1"], "v1 is warm"
    assert APP not in machine.supervisor.fronts()

    machine.rollback()

    assert machine.answer() == "v1"
    assert machine.running() == ["v1 web.1", "v1 worker.1"]
    assert machine.records.history().warm == {}

    machine.rollback(2)

    told = machine.watching.one(RolledBack)
    assert isinstance(told, RolledBack)
    assert not told.warm
    assert machine.running() == ["v1 web.1", "v2 worker.1"]


def test_after_a_boot_and_by_reconcile_the_workers_run_again(machine: FakeMachine) -> None:
    machine.push("one", WORKER)
    machine.supervisor.reboot()

    did = machine.boot()

    assert did == [f"started worker.1 of {APP} v1"]
    assert machine.reconcile() == []
    assert machine.restart().outcome == "live"
    assert machine.running() == ["v2 worker.1"]


def test_the_repo_says_how_many_run_until_somebody_else_does(machine: FakeMachine) -> None:
    settings = RepoSettings(file="app.json", scale=(("clock", 0), ("worker", 2)))

    machine.push("one", WORKER + "clock: python clock.py\n", settings=settings)

    assert machine.running() == ["v1 worker.1", "v1 worker.2"]

    machine.scale("clock=1", "worker=1")

    assert machine.running() == ["v2 clock.1", "v2 worker.1"]


def test_a_first_deploy_that_failed_leaves_a_release_to_run_commands_in(
    machine: FakeMachine,
) -> None:
    assert machine.records.newest_tried() is None
    machine.supervisor.statuses_of_jobs[JobKind.RELEASE_PHASE] = 1
    machine.push("one", WITH_WEB + "release: python migrate.py\n")

    tried = machine.records.newest_tried()

    assert machine.records.live() is None
    assert tried is not None
    assert tried.number == 1
