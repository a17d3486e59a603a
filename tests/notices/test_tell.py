"""Looking and telling, on a machine of fakes: what each trouble says, and how often."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.cron_run import ended_record
from pushdeploy.model.disk import Filesystem
from pushdeploy.model.notice import State, Topic
from pushdeploy.notices.account import account
from pushdeploy.notices.addresses import add, remove, send_test
from pushdeploy.notices.glance import is_due
from pushdeploy.notices.tell import tell
from pushdeploy.system.files import append
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pushdeploy.model.notice import Notice

HOOK = "https://example.com/hook"
PROCFILE = "web: gunicorn app:app\nworker: python worker.py\n"
CRON = '{"cron": [{"command": "report", "schedule": "0 3 * * *", "name": "report"}]}'


@pytest.fixture
def told(machine: FakeMachine) -> FakeMachine:
    """A live app, and an address that gets everything; nothing has happened since."""
    machine.layout.settings.mkdir(exist_ok=True)
    machine.push("one", PROCFILE, app_json=CRON)
    add(machine, "", HOOK, (), "root")
    tell(machine)
    assert machine.messenger.sent == []
    return machine


def notices(machine: FakeMachine) -> list[Notice]:
    """What is sent after another look; and forgotten."""
    tell(machine)
    sent = [one.notice for one in machine.messenger.sent]
    machine.messenger.sent.clear()
    return sent


def test_a_deploy_is_told_when_it_fails_and_when_one_is_live(told: FakeMachine) -> None:
    told.supervisor.crashing.add("web")
    told.push("broken", PROCFILE)
    (failed,) = notices(told)
    told.supervisor.crashing.clear()
    told.sleep(60)
    told.push("good", PROCFILE)
    (live,) = notices(told)

    assert (failed.topic, failed.state, failed.app) == (Topic.DEPLOY, State.BEGUN, APP)
    assert "failed: " in failed.text
    assert failed.command == f"pushdeploy releases:output --attempt 2 --app {APP}"
    assert (live.state, live.since) == (State.OVER, failed.since)
    assert "is live (deploy by " in live.text
    assert notices(told) == []


def test_a_rollback_is_told(told: FakeMachine) -> None:
    told.push("two", PROCFILE)
    notices(told)

    told.rollback()

    (back,) = notices(told)
    assert back.text.startswith("v1 is live again (rollback by ")
    assert back.state is State.NEWS


def test_a_change_of_config_vars_is_told_in_words(told: FakeMachine) -> None:
    told.set_config(GREETING="hello")

    (changed,) = notices(told)

    assert changed.text.startswith("v2 is live (config change by ")


def test_an_app_that_was_made_later_is_told_of_from_its_first_deploy(
    machine: FakeMachine,
) -> None:
    machine.layout.settings.mkdir(exist_ok=True)
    add(machine, "", HOOK, (), "root")
    assert notices(machine) == []

    machine.push("one", PROCFILE)

    assert [one.text.partition(" (")[0] for one in notices(machine)] == ["v1 is live"]


def test_a_crash_loop_a_hang_and_a_lack_of_memory_are_told(told: FakeMachine) -> None:
    now = told.now()
    told.vitals.killed[APP] = 2
    notices(told)
    told.records.note_history(looping=1, instance="worker.1", restarts=7, at=now)
    told.records.note_history(revived=1, at=now)
    told.vitals.killed[APP] = 3

    begun = notices(told)
    told.records.note_history(steady=1, instance="worker.1", at=now)
    told.sleep(3700)
    over = notices(told)

    assert [one.text for one in begun] == [
        "worker.1 of v1 is crash-looping",
        "web.1 of v1 hung and was restarted",
        "a process ran out of memory and was killed",
    ]
    assert begun[0].command == f"pushdeploy logs -p worker.1 --app {APP}"
    assert {one.topic for one in begun} == {Topic.PROCESS}
    assert [one.state for one in over] == [State.OVER] * 3
    assert notices(told) == []


def test_a_job_that_fails_is_told_once_and_when_it_runs_well_again(told: FakeMachine) -> None:
    notes = told.place.cron / "report"
    notes.parent.mkdir(exist_ok=True)
    for run, status in (("a", 0), ("b", 3), ("c", 3)):
        append(notes, {"run": run, "began": told.now()})
        append(notes, ended_record(run, told.now(), status))
    failing = notices(told)
    append(notes, {"run": "d", "began": told.now()})
    running = notices(told)
    append(notes, ended_record("d", told.now(), 0))

    assert [one.text for one in failing] == ["the job report failed with status 3"]
    assert failing[0].command == f"pushdeploy logs -p cron.report --app {APP}"
    assert running == []
    assert [one.text for one in notices(told)] == ["the job report no longer fails"]


def test_the_server_tells_of_its_disk_memory_reboot_and_end(told: FakeMachine) -> None:
    told.vitals.disks = [Filesystem("/", 91, 5), Filesystem("/var", 10, 99)]
    told.vitals.reboot = True
    told.vitals.system = ("ubuntu", "24.10")
    told.vitals.left = 5

    begun = notices(told)
    told.sleep(100)
    short = notices(told)
    told.vitals.disks = [Filesystem("/", 82, 5), Filesystem("/var", 10, 5)]
    told.vitals.left = 12
    eased = notices(told)
    told.vitals.disks = [Filesystem("/", 79, 5)]
    told.vitals.left, told.vitals.reboot = 20, False

    assert [one.text for one in begun] == [
        "the disk is 91 % full",
        "the inode table at /var is 99 % full",
        "a system upgrade needs a reboot",
        "Ubuntu 24.10 gets security updates only until 2025-07-10",
    ]
    assert [one.text for one in short] == ["memory is short: less than 10 % is left"]
    assert [one.state for one in eased] == [State.OVER]
    assert sorted(one.text for one in notices(told)) == [
        "the disk is less than 80 % full",
        "the server was rebooted",
        "there is enough memory again",
    ]


def test_what_can_not_be_read_is_neither_told_nor_over(told: FakeMachine) -> None:
    told.records.note_history(looping=1, instance="worker.1", restarts=7, at=told.now())
    notices(told)
    aside = told.place.history.rename(told.place.history.with_name("aside"))
    told.place.history.mkdir()
    assert notices(told) == []

    told.place.history.rmdir()
    aside.rename(told.place.history)
    assert notices(told) == []


def test_an_address_of_an_app_is_told_of_that_app_alone(told: FakeMachine) -> None:
    own = "https://example.com/own"
    add(told, APP, own, (Topic.DEPLOY,), "root")
    told.vitals.reboot = True
    told.push("two", PROCFILE)

    tell(told)

    assert [one.notice.topic for one in told.messenger.sent if one.url == own] == [Topic.DEPLOY]
    assert len([one for one in told.messenger.sent if one.url == HOOK]) == 2


def test_a_url_in_two_lists_is_told_once(told: FakeMachine) -> None:
    add(told, APP, HOOK, (), "root")
    told.push("two", PROCFILE)

    assert len(notices(told)) == 1


def test_what_is_refused_is_sent_again_later(told: FakeMachine) -> None:
    told.messenger.refusing[HOOK] = "it answered 500"
    told.push("two", PROCFILE)
    assert notices(told) == []
    told.messenger.refusing.clear()

    assert notices(told) == []  # not yet
    found = account(told, "").addresses[0]
    assert (found.waiting, found.trouble) == (1, "it answered 500")
    told.sleep(61)
    assert len(notices(told)) == 1
    assert account(told, "").addresses[0].waiting == 0


def test_nobody_looks_when_nobody_is_told(told: FakeMachine) -> None:
    remove(told, "", 1, "root")
    told.vitals.reboot = True

    assert notices(told) == []
    assert not told.layout.notices.memory.exists()
    assert not is_due(told.layout, told.vitals, told.now())


def test_a_glance_sees_whether_somebody_is_to_look(told: FakeMachine) -> None:
    def due() -> bool:
        return is_due(told.layout, told.vitals, told.now())

    assert not due()
    told.vitals.reboot = True
    assert due()
    tell(told)
    assert not due()
    told.push("two", PROCFILE)
    assert due()
    tell(told)
    told.sleep(1000)
    assert due()


def test_a_memory_that_was_broken_begins_again(told: FakeMachine) -> None:
    told.layout.notices.memory.write_text("{")
    told.sleep(10)

    assert notices(told) == []
    assert json.loads(told.layout.notices.memory.read_text())["began"] == told.now()


def test_a_disk_that_takes_nothing_keeps_nobody_from_being_told_once(told: FakeMachine) -> None:
    state = told.layout.notices.state
    state.rename(state.with_name("notices-before"))
    state.write_text("")
    told.push("two", PROCFILE)
    told.sleep(1)

    first, second = notices(told), notices(told)

    assert ([one.text.partition(" (")[0] for one in first], second) == ([], [])
    told.push("three", PROCFILE)
    assert [one.text.partition(" (")[0] for one in notices(told)] == ["v3 is live"]
    assert notices(told) == []


def test_addresses_have_numbers_and_a_limit(machine: FakeMachine) -> None:
    machine.layout.settings.mkdir(exist_ok=True)
    first = add(machine, "", HOOK, (), "root")
    second = add(machine, "", f"{HOOK}/2", (), "root")
    again = add(machine, "", HOOK, (Topic.BACKUP,), "root")

    assert (first.number, second.number) == (1, 2)
    assert again == replace(first, only=(Topic.BACKUP,))
    assert remove(machine, "", 1, "root").url == HOOK
    with pytest.raises(NotFoundError, match="no address 1"):
        remove(machine, "", 1, "root")
    with pytest.raises(NotFoundError, match="no app"):
        add(machine, "nobody", HOOK, (), "root")
    for number in range(19):
        add(machine, "", f"{HOOK}/more/{number}", (), "root")
    with pytest.raises(UsageError, match="20 addresses") as full:
        add(machine, "", f"{HOOK}/one-more", (), "root")
    assert full.value.hint == "pushdeploy notify"
    path = machine.layout.notices.addresses
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_list_that_somebody_broke_is_named_with_what_removes_it(told: FakeMachine) -> None:
    path = told.layout.notices.addresses
    path.write_text("no toml")

    with pytest.raises(RefusedInputError) as refused:
        add(told, "", HOOK, (), "root")

    assert refused.value.hint == f"on the server: sudo rm {path}; then add its addresses again"


def test_an_address_that_nobody_knows_is_refused(machine: FakeMachine) -> None:
    machine.messenger.refusing["nonsense://x"] = "nothing knows it"

    with pytest.raises(RefusedInputError, match="nothing knows it"):
        add(machine, "", "nonsense://x", (), "root")

    assert not machine.layout.notices.addresses.exists()


def test_a_test_says_what_each_answered(told: FakeMachine) -> None:
    add(told, "", f"{HOOK}/2", (Topic.BACKUP,), "root")
    told.messenger.refusing[HOOK] = "it answered 404"

    answers = send_test(told, "")

    assert {one.number: wrong for one, wrong in answers.items()} == {1: "it answered 404", 2: ""}
    with pytest.raises(NotFoundError, match="no address"):
        send_test(told, APP)
