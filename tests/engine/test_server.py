"""The engine's side: what it takes, what it refuses, and that no caller holds it up."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.engine.registry import Registry
from pushdeploy.engine.session import Session
from pushdeploy.errors import OUR_BUG, UsageError
from pushdeploy.model.job import JobKind
from pushdeploy.model.wire import REQUEST_LIMIT
from pushdeploy.system.command import Command, attempt
from pushdeploy.system.server_tools import ServerAccess
from tests.deploy.machine import APP, FakeMachine
from tests.engine.caller import Line, only

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.machine.machine import Machine

NOBODY = 65534

WORDS = {
    "app": APP,
    "confirm": APP,
    "confirmed": True,
    "on": True,
    "after": 0,
    "name": "ada",
    "values": {"A": "1"},
    "names": ["A"],
    "changes": ["web=1"],
    "domains": ["blog.example.com"],
    "url": "/media",
    "folder": "media",
    "argv": ["id"],
}
"""All that a verb may want to be told."""


def echo(_: Asked, *, word: str = "") -> dict[str, str]:
    """Answer with what was asked."""
    return {"verb": "echo", **({"word": word} if word else {})}


def test_a_request_is_answered_in_one_line(line: Line) -> None:
    assert line.answer({"verb": "apps"})["answer"]["apps"][0]["app"] == APP


def test_an_app_whose_settings_cannot_be_read_is_listed_with_the_others(
    line: Line, machine: FakeMachine
) -> None:
    broken = machine.layout.app("aaa")
    broken.root.mkdir()
    broken.settings.write_text("port = [")

    answer = line.answer({"verb": "apps"})["answer"]["apps"]

    assert [(one["app"], one["port"] is None) for one in answer] == [("aaa", True), (APP, False)]


def test_a_request_that_lacks_a_word_is_refused_and_says_which(
    line: Line, machine: FakeMachine
) -> None:
    error = line.answer({"verb": "config.set", "app": APP})["error"]

    assert error["message"] == "`config.set` can't be asked so: `values` is missing"
    assert error["exit_code"] == 2
    assert machine.records.environment().values == {}


def test_whatever_is_asked_of_an_app_is_answered_with_what_crash_loops(
    line: Line, machine: FakeMachine
) -> None:
    machine.push("one", "web: gunicorn app:app\nworker: python work.py\n")
    at = machine.now() + 1
    machine.records.note_history(looping=1, instance="worker.1", restarts=5, at=at)

    line.say({"verb": "storage", "app": APP})
    line.serve()

    warned, answered = line.heard()
    assert warned["event"]["event"] == "warning"
    assert warned["event"]["text"].startswith("worker.1 of v1 has been crash-looping for ")
    assert warned["event"]["hint"] == f"pushdeploy logs -p worker.1 --app {APP}"
    assert "answer" in answered


def test_the_list_of_apps_tells_of_a_crash_loop(line: Line, machine: FakeMachine) -> None:
    machine.push("one", "web: gunicorn app:app\nworker: python work.py\n")
    at = machine.now() + 1
    machine.records.note_history(looping=1, instance="worker.1", restarts=5, at=at)

    (listed,) = line.answer({"verb": "apps"})["answer"]["apps"]

    assert listed["crash_loops"] == ["worker.1"]


def test_a_branch_chosen_before_there_is_an_app_is_answered_with_both_commands(
    line: Line, machine: FakeMachine
) -> None:
    wanted = {"verb": "git.set", "app": "shop", "name": "deploy-branch", "value": "trunk"}

    error = line.answer(wanted)["error"]

    assert error["message"].startswith("there is no app `shop` yet")
    assert error["hint"] == (
        "pushdeploy apps:create shop; pushdeploy git:set deploy-branch trunk --app shop"
    )
    assert not machine.layout.app("shop").root.exists()


def test_an_unknown_verb_is_named(line: Line) -> None:
    error = line.answer({"verb": "reboot"})["error"]

    assert error["message"] == "this server's engine does not know `reboot`"
    assert error["exit_code"] == 2


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"[]\n",
        b"{}\n",
        b'{"verb": 7}\n',
        b'"verb"\n',
        b"\xff\xfe\n",
        b'{"verb": "apps"\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=["text", "list", "empty", "number", "string", "bytes", "half", "deep"],
)
def test_what_is_no_request_is_refused_readably(data: bytes, line: Line) -> None:
    line.say_bytes(data)

    line.serve()

    error = line.heard()[-1]["error"]
    assert error["exit_code"] == 2
    assert "the request" in error["message"]


def test_a_request_that_never_ends_is_refused_at_the_limit(line: Line) -> None:
    def send() -> None:
        with contextlib.suppress(OSError):
            line.ours.sendall(b"x" * (2 * REQUEST_LIMIT))

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(UsageError, match=f"longer than {REQUEST_LIMIT} bytes"):
        Session(line.theirs, line.machine).receive(lambda: None)
    line.theirs.close()

    thread.join(10)
    assert not thread.is_alive()


def test_two_lines_in_one_packet_are_two_requests(line: Line, machine: FakeMachine) -> None:
    line.say({"verb": "prepare"}, {"verb": "echo", "word": "hello"})

    line.serve(only("echo", echo))

    assert line.heard() == [{"answer": {"verb": "echo", "word": "hello"}}]


def test_a_request_may_come_byte_by_byte(line: Line) -> None:
    for byte in json.dumps({"verb": "echo"}).encode() + b"\n":
        line.say_bytes(bytes([byte]))

    line.serve(only("echo", echo))

    assert line.heard() == [{"answer": {"verb": "echo"}}]


def test_descriptors_come_along(line: Line) -> None:
    reading, writing = os.pipe()

    def write(asked: Asked) -> bool:
        return asked.session.write(0, b"hello")

    line.say_bytes(b'{"verb": "write"}\n', [writing])
    os.close(writing)
    line.serve(only("write", write))

    assert line.heard() == [{"answer": True}]
    assert os.read(reading, 10) == b"hello"
    assert os.read(reading, 10) == b"", "the engine's copy is closed"
    os.close(reading)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("asked", [True, False])
def test_a_one_off_is_not_given_the_caller_s_terminal(
    line: Line, machine: FakeMachine, place: int, *, asked: bool
) -> None:
    keyboard, terminal = pty.openpty()
    reading, writing = os.pipe()
    descriptors = [reading, writing, writing]
    descriptors[place] = terminal
    request = {"verb": "run", "app": "blog", "argv": ["true"], "terminal": asked}

    line.say_bytes(json.dumps(request).encode() + b"\n", descriptors)
    line.serve(Registry())

    (said,) = line.heard()
    assert said["error"]["message"] == "an app's command is not given the caller's terminal"
    assert machine.supervisor.calls == []
    for one in (keyboard, terminal, reading, writing):
        os.close(one)


def test_getting_ready_for_nothing_ends_well(line: Line) -> None:
    line.say({"verb": "prepare"})
    line.say_no_more()

    assert line.serve() == 0
    assert line.heard() == []


def test_a_caller_who_says_nothing_ends_well(line: Line) -> None:
    line.say_no_more()

    assert line.serve() == 0


def test_a_caller_who_has_gone_does_not_stop_the_work(line: Line, machine: FakeMachine) -> None:
    commit = machine.checkout_worker.commit("one")
    machine.branch_names(commit)
    line.say({"verb": "converge", "app": APP, "who": "ada", "after": 0})
    line.hang_up()

    status = line.serve()

    assert status == 0
    assert machine.answer() == "v1"


def test_a_caller_who_reads_nothing_does_not_stop_the_work(
    line: Line, machine: FakeMachine
) -> None:
    commit = machine.checkout_worker.commit("one")
    machine.branch_names(commit)
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.supervisor.output_of_jobs[JobKind.BUILD] = ["x" * 1000] * 5000
    line.say({"verb": "converge", "app": APP, "who": "ada", "after": 0})

    line.serve()

    said = line.heard()
    assert machine.answer() == "v1"
    assert [list(one) for one in said] == [["attempt", "log"], ["answer"]]
    assert machine.place.attempt_log(1).stat().st_size > 5_000_000


def test_a_log_begins_with_its_own_attempt(line: Line, machine: FakeMachine) -> None:
    log = machine.place.attempt_log(1)
    log.write_text('{"event": "attempt.ended"}\n')
    machine.branch_names(machine.checkout_worker.commit("one"))

    line.answer({"verb": "converge", "app": APP, "who": "ada", "after": 0})

    told = [json.loads(one)["event"] for one in log.read_text().splitlines()]
    assert (told[0], told[-1]) == ("attempt.started", "attempt.ended")


def test_a_bug_of_ours_is_told_as_one(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    def fall(_: Asked) -> None:
        raise ZeroDivisionError("oh")

    line.say({"verb": "fall"})

    status = line.serve(only("fall", fall))

    assert status == 1
    assert line.heard()[-1]["error"]["exit_code"] == OUR_BUG
    assert "ZeroDivisionError: oh" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../../etc", "front"])
def test_an_apps_name_is_checked_before_it_is_a_path(
    name: str, line: Line, machine: FakeMachine
) -> None:
    error = line.answer({"verb": "apps.create", "app": name})["error"]

    assert error["exit_code"] == 2
    assert [path.name for path in machine.layout.apps.iterdir()] == [APP]


@pytest.fixture
def server(machine: FakeMachine) -> Machine:
    """One person's folders, with the rights of a server."""
    return replace(machine, access=ServerAccess())


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


def line_of(machine: Machine, user: int) -> Line:
    """A connection of another user: the kernel notes who makes it."""
    os.seteuid(user)
    try:
        ours, theirs = socket.socketpair()
    finally:
        os.seteuid(0)
    return Line(machine, ours, theirs)


@needs_root
def test_who_asks_is_known_by_the_kernels_word(server: Machine, line: Line) -> None:
    stranger = line_of(server, NOBODY)
    with stranger.ours, stranger.theirs:
        assert Session(stranger.theirs, server).peer.user == NOBODY


@needs_root
@pytest.mark.parametrize("verb", sorted(Registry()))
def test_a_stranger_is_refused_and_nothing_happens(
    verb: str, server: Machine, machine: FakeMachine, line: Line
) -> None:
    stranger = line_of(server, NOBODY)
    machine.supervisor.calls.clear()
    with stranger.ours, stranger.theirs:
        error = stranger.answer({"verb": verb, "who": "root", **WORDS})["error"]

    assert error["kind"] == "NotAllowedError"
    assert error["message"] == "`nobody` is not in the group `pushdeploy`"
    assert [path.name for path in machine.layout.apps.iterdir()] == [APP]
    assert machine.supervisor.calls == []


@needs_root
def test_in_embedded_mode_only_the_owner_may_ask(machine: FakeMachine, line: Line) -> None:
    stranger = line_of(machine, NOBODY)
    with stranger.ours, stranger.theirs:
        error = stranger.answer({"verb": "apps"})["error"]

    assert error["exit_code"] == 5


@needs_root
def test_root_vouches_for_a_name_that_cannot_act_on_a_terminal(
    server: Machine, machine: FakeMachine, line: Line
) -> None:
    machine.branch_names(machine.checkout_worker.commit("one"))
    who = "ada\x1b[31m\n" + "x" * 100
    line.machine = server

    line.answer({"verb": "converge", "app": APP, "who": who, "after": 0})

    (attempt,) = machine.records.attempts()
    assert attempt.who.startswith("ada\\x1b[31m\\n")
    assert len(attempt.who) == 64


def test_a_reader_that_left_counts_as_gone_although_somebody_holds_the_line(line: Line) -> None:
    reading, writing = os.pipe()
    found: list[bool] = []

    def look(asked: Asked) -> None:
        found.append(asked.session.is_left())
        os.close(reading)
        found.append(asked.session.is_left())

    line.say_bytes(b'{"verb": "look"}\n', (0, writing, 2))
    line.serve(only("look", look))
    os.close(writing)

    assert found == [False, True]


def test_a_caller_who_hung_up_counts_as_gone(line: Line) -> None:
    found: list[bool] = []

    def look(asked: Asked) -> None:
        found.append(asked.session.is_left())
        line.hang_up()
        found.append(asked.session.is_left())

    line.say({"verb": "look"})
    line.serve(only("look", look))

    assert found == [False, True]


def test_what_the_engine_starts_ignores_no_signal_though_its_starter_did(line: Line) -> None:
    def ended(_asked: Asked) -> dict[str, list[int]]:
        status = [attempt(Command(["sh", "-c", f"kill -{name} $$"])).status for name in NAMES]
        return {"status": status}

    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGQUIT)}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for one in before:
        signal.signal(one, signal.SIG_IGN)
    try:
        line.say({"verb": "echo"})
        line.serve(only("echo", ended))
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    status = line.heard()[0]["answer"]["status"]
    assert status == [-signal.Signals[f"SIG{name}"] for name in NAMES]


NAMES = ("HUP", "INT", "QUIT", "USR1", "PIPE")
