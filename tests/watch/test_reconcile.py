"""Reconcile and boot: everything becomes as the records say, and a second time changes nothing."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from pushdeploy.apps.lifecycle import create_app
from pushdeploy.model.instance import State
from pushdeploy.proxy import sites
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.accounts_embedded import OwnAccounts
from pushdeploy.system.ownership import Findings
from pushdeploy.watch.boot_all import boot_all
from pushdeploy.watch.reconcile import reconcile_all
from tests.deploy.machine import APP, FakeMachine, Watching, names, snapshot
from tests.deploy.servers import free_port

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"


class WithoutGroups(OwnAccounts):
    """On which somebody has deleted our groups."""

    def ensure_server(self, *, deep: bool = False) -> Findings:
        """They are made again."""
        return super().ensure_server(deep=deep) + Findings(made=["made the group pd-front"])


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine with v1 (warm) and v2 (live)."""
    machine.push("one", WITH_WORKER)
    machine.push("two", WITH_WORKER)
    return machine


def test_what_is_well_is_left_alone(live: FakeMachine) -> None:
    before = snapshot(live.place.root), live.running()
    live.supervisor.calls.clear()

    did = live.reconcile()

    assert did == []
    assert (snapshot(live.place.root), live.running()) == before
    assert {call[0] for call in live.supervisor.calls} <= {"open_front"}


def test_after_a_boot_the_live_release_runs_and_nothing_else(live: FakeMachine) -> None:
    live.supervisor.reboot()

    did = live.boot()

    assert did == ["started web.1 of blog v2", "started worker.1 of blog v2"]
    assert live.answer() == "v2"
    assert live.running() == ["v2 web.1", "v2 worker.1"]


def test_booting_twice_is_booting_once(live: FakeMachine) -> None:
    live.supervisor.reboot()
    live.boot()

    live.boot()
    live.reconcile()

    assert live.running() == ["v2 web.1", "v2 worker.1"]


def test_one_broken_app_does_not_hold_up_the_boot_of_the_others(live: FakeMachine) -> None:
    create_app(live, "aaa", port=free_port())
    broken = AppRecords(live.layout.app("aaa"))
    broken.place.settings.write_text("port = [")
    broken.place.current.symlink_to("releases/v1")
    live.supervisor.reboot()

    did = boot_all(live)

    assert "started web.1 of blog v2" in did
    assert live.answer() == "v2"


def test_a_boot_that_makes_groups_again_lets_nginx_in(live: FakeMachine) -> None:
    live.proxy.shut_out = True
    live.supervisor.reboot()
    calm = boot_all(live)

    did = boot_all(replace(live, accounts=WithoutGroups(live.layout)))

    assert "let nginx in" not in calm
    assert did[:2] == ["made the group pd-front", "let nginx in"]


def test_a_port_that_is_taken_at_boot_does_not_keep_the_app_from_starting(
    live: FakeMachine,
) -> None:
    live.supervisor.reboot()

    with socket.create_server(("127.0.0.1", live.records.settings().port)):
        live.boot()

    assert live.running() == ["v2 web.1", "v2 worker.1"]
    live.reconcile()
    assert live.answer() == "v2"


def test_one_broken_app_does_not_hold_up_the_others(live: FakeMachine) -> None:
    create_app(live, "aaa", port=free_port())
    live.layout.app("aaa").settings.write_text("port = [")
    live.supervisor.forget(APP, ["pushdeploy-blog.v2.worker.1"])

    done = reconcile_all(live, Watching())

    assert done["aaa"][0].startswith("failed: settings.toml can't be read")
    assert done["aaa"][0].endswith("(of the app `aaa`)")
    assert done[APP] == ["started worker.1 of v2"]


def test_settings_that_cannot_be_read_keep_no_other_app_from_being_made_or_served(
    live: FakeMachine,
) -> None:
    create_app(live, "aaa", port=free_port())
    live.layout.app("aaa").settings.write_text("port = [")

    create_app(live, "bbb", port=free_port())

    served = live.records.change_settings(lambda now: replace(now, domains=("blog.example.com",)))
    assert served.domains
    assert [site.app for site in sites.sites(live)] == [APP]
    assert sites.left_alone(live) == {"aaa"}
    sites.refuse_taken(live, "bbb", "bbb.example.com")


def test_our_own_bug_in_one_app_does_not_hold_up_the_others(
    live: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    create_app(live, "aaa", port=free_port())
    broken = live.layout.app("aaa")
    broken.release(1).record.mkdir(parents=True)  # nobody has foreseen that
    broken.current.symlink_to("releases/v1")
    live.supervisor.reboot()

    did = boot_all(live)
    live.supervisor.forget(APP, ["pushdeploy-blog.v2.worker.1"])
    done = reconcile_all(live, Watching())

    assert did[0].startswith("failed: aaa: pushdeploy itself failed: IsADirectoryError")
    assert "started web.1 of blog v2" in did
    assert done["aaa"][0].startswith("failed: pushdeploy itself failed: IsADirectoryError")
    assert done[APP] == ["started worker.1 of v2"]
    assert "Traceback" in capsys.readouterr().err


def test_a_worker_that_is_gone_is_started(live: FakeMachine) -> None:
    live.supervisor.forget(APP, ["pushdeploy-blog.v2.worker.1"])

    assert live.reconcile() == ["started worker.1 of v2"]
    assert live.reconcile() == []


def test_a_web_process_that_does_not_answer_is_started_anew(live: FakeMachine) -> None:
    unit = live.supervisor.units["pushdeploy-blog.v2.web"]
    assert unit.server is not None
    unit.server.stop()
    unit.server = None

    did = live.reconcile()

    assert did == ["restarted web.1 of v2, which did not answer"]
    assert live.answer() == "v2"


def test_what_nobody_wants_is_stopped(live: FakeMachine) -> None:
    release = live.records.release(1)
    stray = live.supervisor.units["pushdeploy-blog.v1.web"].instance
    live.records.note_history(cold=1)

    did = live.reconcile()

    assert release.number == stray.release
    assert did == ["stopped web.1 of v1"]
    assert live.running() == ["v2 web.1", "v2 worker.1"]


def test_a_warm_release_ends_with_its_time(live: FakeMachine) -> None:
    live.clock.sleep(601)

    did = live.reconcile()

    assert did == ["ended the warm time of v1", "stopped web.1 of v1"]
    assert live.running() == ["v2 web.1", "v2 worker.1"]
    assert live.reconcile() == []


def test_somebody_is_asked_to_look_when_the_warm_time_ends(live: FakeMachine) -> None:
    assert list(live.timers.due) == [APP]
    assert 590 < live.timers.due[APP] <= 601


def test_folders_and_sockets_that_nothing_names_are_deleted(live: FakeMachine) -> None:
    orphans = [
        live.place.releases / ".new-9",
        live.place.releases / ".old-v0",
        live.place.slugs / ".new-0123",
        live.place.slugs / "0123",
        live.place.venvs / "4567",
        live.place.venvs / ".old-4567",
        live.place.run / "v99",
    ]
    for folder in orphans:
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file").write_text("")
    (live.place.slugs / ".new-0123.index").write_text("a killed git's")
    (live.place.slugs / ".new-0123.index.lock").write_text("")
    (live.place.run / "v99.port").write_text("20000")

    live.reconcile()

    assert [folder for folder in orphans if folder.exists()] == []
    assert names(live.place.releases) == ["v1", "v2"]
    assert all(not name.startswith(".") for name in names(live.place.slugs))
    assert len(names(live.place.slugs)) == 2
    assert len(names(live.place.venvs)) == 1
    assert not (live.place.run / "v99.port").exists()


def test_a_link_among_the_folders_is_unlinked_and_not_followed(live: FakeMachine) -> None:
    precious = live.layout.state / "precious"
    precious.mkdir()
    (precious / "file").write_text("")
    (live.place.slugs / "0123").symlink_to(precious)

    live.reconcile()

    assert (precious / "file").exists()
    assert not (live.place.slugs / "0123").is_symlink()


def test_a_live_release_whose_record_cannot_be_read_is_neither_stopped_nor_stripped(
    live: FakeMachine,
) -> None:
    live.place.release(2).record.write_text('{"a newer": "format"}')

    done = reconcile_all(live, Watching())

    assert "release record" in " ".join(done[APP])
    assert live.answer() == "v2"
    assert (live.place.current / "code").is_dir()
    assert (live.place.current / "venv" / ".complete").exists()


def test_an_old_release_whose_record_cannot_be_read_keeps_its_slug(live: FakeMachine) -> None:
    slug = live.place.release(1).code.resolve()
    live.place.release(1).record.write_text('{"an older": "format"}')

    live.reconcile()

    assert slug.is_dir()
    assert live.answer() == "v2"


def test_a_crashing_worker_is_left_to_its_supervisor(live: FakeMachine) -> None:
    live.supervisor.units["pushdeploy-blog.v2.worker.1"].state = State.CRASHED

    assert live.reconcile() == []


def test_an_app_whose_destroying_was_killed_is_gone(machine: FakeMachine) -> None:
    machine.push("one")
    root = machine.records.place.root
    left = root.rename(root.with_name(".old-blog"))

    done = reconcile_all(machine, machine.watching)

    assert done == {}
    assert not left.exists()
