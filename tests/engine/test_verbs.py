"""What a verb that changes something does to the records, and what it refuses to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.engine.verbs import (
    apps,
    cron,
    domains,
    firewall,
    nginx,
    ps,
    python,
    releases,
    rollback,
    static,
    storage,
    watchdog,
)
from pushdeploy.errors import NotFoundError, UsageError
from pushdeploy.model.rights import Standing
from pushdeploy.records.server_settings import server_settings
from pushdeploy.system import keys
from tests.cli.real_engine import RealEngine
from tests.deploy.fake_tools import FakeAccess
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine
    from tests.engine.caller import Line
    from tests.key_fixtures import MakeKey

WORKERS = "web: gunicorn app:app\nworker: python worker.py\n"
CRON = json.dumps({"cron": [{"command": "python tidy.py", "schedule": "0 3 * * *"}]})


@pytest.fixture
def ask(machine: FakeMachine, line: Line) -> RealEngine:
    """The engine; `line` undoes what serving changes in a process."""
    assert line.machine is machine
    return RealEngine(machine)


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A release with web and a worker is live."""
    machine.push("one", WORKERS)
    return machine


def test_a_process_type_is_scaled_and_the_number_stays(live: FakeMachine, ask: RealEngine) -> None:
    ended = ask(ps.scale(APP, changes=("worker=2",)))

    assert ended.release == 2
    assert live.records.settings().formation.quantities["worker"] == 2
    assert live.running() == ["v1 web.1", "v2 web.1", "v2 worker.1", "v2 worker.2"]


def test_what_the_procfile_lacks_is_not_scaled(live: FakeMachine, ask: RealEngine) -> None:
    with pytest.raises(NotFoundError, match="has no `clock`; it has: web, worker"):
        ask(ps.scale(APP, changes=("clock=1",)))

    assert live.releases() == ["v1"]


def test_before_the_first_release_any_name_may_be_scaled(
    machine: FakeMachine, ask: RealEngine
) -> None:
    ask(ps.scale(APP, changes=("clock=3",)))

    assert machine.records.settings().formation.quantities == {"clock": 3}


def test_web_is_not_scaled_past_a_config_var_that_decides(
    live: FakeMachine, ask: RealEngine
) -> None:
    live.set_config(WEB_CONCURRENCY="5")

    with pytest.raises(UsageError, match="WEB_CONCURRENCY"):
        ask(ps.scale(APP, changes=("web=2",)))

    assert ask(ps.ps(APP)).web_concurrency == 5
    assert "web" not in live.records.settings().formation.quantities


def test_a_config_var_that_is_no_number_decides_nothing(live: FakeMachine, ask: RealEngine) -> None:
    live.set_config(WEB_CONCURRENCY="many")

    ask(ps.scale(APP, changes=("web=2",)))

    assert ask(ps.ps(APP)).web_concurrency == 2


def test_a_storage_folder_is_added_and_removed_and_its_files_stay(
    live: FakeMachine, ask: RealEngine
) -> None:
    ask(storage.add(APP, folder="media"))
    (live.place.shared / "media" / "cat.png").touch()

    ask(storage.remove(APP, folder="media"))

    assert live.records.settings().storage == ()
    assert (live.place.shared / "media" / "cat.png").exists()


def test_a_storage_folder_that_is_none_is_not_removed(live: FakeMachine, ask: RealEngine) -> None:
    with pytest.raises(NotFoundError, match="`media` is not a storage folder"):
        ask(storage.remove(APP, folder="media"))

    assert live.releases() == ["v1"]


def test_what_only_a_file_of_the_repo_shares_is_listed_as_such(
    machine: FakeMachine, ask: RealEngine
) -> None:
    machine.settings(storage=("media",))
    machine.push("one", storage=("data", "media"))

    found = ask(storage.storage(APP))

    assert (found.folders, found.declared) == (("media",), ("data",))


def test_domains_are_added_and_removed(live: FakeMachine, ask: RealEngine) -> None:
    live.proxy.serves_domains = True
    ask(domains.add(APP, names=("A.example.org", "b.example.org")))

    said = ask(domains.remove(APP, names=("a.example.org",)))

    assert said.domains == live.records.settings().domains == ("b.example.org",)
    with pytest.raises(NotFoundError, match="is not a domain"):
        ask(domains.remove(APP, names=("c.example.org",)))


def test_a_static_folder_that_was_never_added_is_not_removed(
    live: FakeMachine, ask: RealEngine
) -> None:
    live.proxy.serves_domains = True

    with pytest.raises(NotFoundError, match="is not a static mount"):
        ask(static.remove(APP, url="/docs"))


def test_one_that_was_added_is_removed_however_its_slash_is_written(
    live: FakeMachine, ask: RealEngine
) -> None:
    live.proxy.serves_domains = True
    ask(static.add(APP, url="/docs/", folder="public"))
    added = ask(static.static(APP)).folders

    left = ask(static.remove(APP, url="/docs/")).folders

    assert (added, left) == ({"/static": "static", "/docs": "public"}, {"/static": "static"})


def test_a_setting_of_nginx_is_set_and_unset(live: FakeMachine, ask: RealEngine) -> None:
    live.proxy.serves_domains = True

    was_set = ask(nginx.change(APP, name="send-timeout", value="50s"))
    unset = ask(nginx.change(APP, name="send-timeout"))

    assert was_set.values == {"send-timeout": "50s"}
    assert unset.values == dict(live.records.settings().site.values) == {}


def test_the_watchdog_is_turned_off_for_one_app(live: FakeMachine, ask: RealEngine) -> None:
    ask(watchdog.change(APP, on=False))

    assert live.records.settings().watchdog is False
    assert ask(watchdog.watchdog(APP)).watchdog is False


def test_the_firewall_is_not_turned_on_without_a_yes(live: FakeMachine, ask: RealEngine) -> None:
    with pytest.raises(UsageError, match="must be confirmed"):
        ask(firewall.enable())
    refused = live.firewall.active

    assert ask(firewall.enable(confirmed=True)).opens == (22, 80, 443)
    assert (refused, live.firewall.active) == (False, True)


def test_pushes_fetch_no_python_once_that_is_turned_off(live: FakeMachine, ask: RealEngine) -> None:
    assert ask(python.auto(on=False)).on is False

    assert server_settings(live).fetch_pythons is False


def test_a_release_is_gone_back_to_by_its_name(live: FakeMachine, ask: RealEngine) -> None:
    live.push("two", WORKERS)
    live.push("three", WORKERS)

    ask(rollback.rollback(APP, release="v1"))

    assert live.records.live() == 1
    assert ask(releases.info(APP, release="v1")).live


def test_the_list_of_apps_says_what_is_live(live: FakeMachine, ask: RealEngine) -> None:
    (found,) = ask(apps.apps()).apps

    assert (found.release, found.commit) == ("v1", live.records.live_commit())
    assert found.crash_loops == ()


@pytest.mark.parametrize("confirm", [None, "other"])
def test_an_app_is_not_destroyed_unless_its_name_is_said_again(
    live: FakeMachine, ask: RealEngine, confirm: str | None
) -> None:
    with pytest.raises(UsageError, match="deletes its releases"):
        ask(apps.destroy(APP, confirm=confirm))

    assert live.place.root.exists()


def test_a_job_is_suspended_and_resumed(machine: FakeMachine, ask: RealEngine) -> None:
    machine.push("one", app_json=CRON)
    (job,) = ask(cron.cron(APP)).jobs

    ask(cron.suspend(APP, name=job.name))
    (suspended,) = ask(cron.cron(APP)).jobs
    ask(cron.resume(APP, name=job.name))
    (resumed,) = ask(cron.cron(APP)).jobs

    assert (job.suspended, suspended.suspended, resumed.suspended) == ("", "cron:suspend", "")
    assert (suspended.next, resumed.next) == ((), job.next)


def test_a_run_that_has_not_ended_has_neither_failed_nor_gone_well(
    machine: FakeMachine, ask: RealEngine
) -> None:
    machine.push("one", app_json=CRON)
    (job,) = ask(cron.cron(APP)).jobs
    notes = machine.place.cron / job.name
    notes.parent.mkdir(exist_ok=True)
    notes.write_text(json.dumps({"run": "b" * 32, "began": 3.0}) + "\n")
    machine.schedules.now = {job.name}

    (run,) = ask(cron.runs(APP, name=job.name, count=5)).runs

    assert (run.ok, run.said) == (None, "running")


class AKey(FakeAccess):
    """Takes everybody for somebody with a key."""

    def standing(self, user: int) -> Standing:
        """The same for all."""
        return Standing.KEYS


@pytest.mark.parametrize(
    ("left", "gone", "error"),
    [
        (("ada", "bob"), "bob", None),
        (("ada", "bob"), "ada", "`ada` is the key you are using now"),
        (("bob",), "bob", "`bob` is the last key: nobody could push"),
    ],
)
def test_nobody_locks_themselves_out_unasked(
    machine: FakeMachine,
    line: Line,
    make_key: MakeKey,
    left: tuple[str, ...],
    gone: str,
    error: str | None,
) -> None:
    place = machine.layout.keys
    place.parent.mkdir(parents=True)
    for name in left:
        keys.add(place, make_key(name, comment=name).with_suffix(".pub").read_text(), name)
    line.machine = replace(machine, access=AKey())

    said = line.answer({"verb": "keys.remove", "name": gone, "who": "ada"})

    assert (error or "'left': 1") in str(said)
    there = {key.name for key in keys.listing(place)}
    assert there == set(left) - (set() if error else {gone})
