"""supervisord as the supervisor of embedded mode, against a real one."""

from __future__ import annotations

import itertools
import json
import os
import pty
import select
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import CommandFailedError
from pushdeploy.model.instance import State
from pushdeploy.model.job import JobKind
from pushdeploy.system import command, processes
from pushdeploy.system.command import Command
from tests.system.supervised import App, eventually, new_app, new_supervisord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushdeploy.system.supervisord import Supervisord


def never() -> bool:
    """Whoever asked stays."""
    return False


SLEEP = "import time; time.sleep(1000)"
SAYS = "import os\nprint('{}', os.getpid())\nimport time; time.sleep(1000)"
FALLS = "print('no database'); raise SystemExit(1)"

SERVES = """
import json, os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    asked = connection.recv(100)
    if asked == b"fall":
        os._exit(1)
    stdin = os.readlink("/proc/self/fd/0")
    facts = {"pid": os.getpid(), "environment": dict(os.environ), "stdin": stdin}
    connection.sendall(json.dumps(facts).encode())
    connection.close()
"""

SERVES_A_PORT = """
import os, socket
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    connection.sendall(b"by port")
    connection.close()
"""

KEEPS_ON = """
import signal, time
def finish(*_):
    print('finishing')
    time.sleep(1)
    print('done')
    raise SystemExit
signal.signal(signal.SIGTERM, finish)
print('ready')
while True:
    time.sleep(1000)
"""

HAS_A_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen(["/bin/sleep", "1000"])
print(child.pid)
time.sleep(1000)
"""


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisord]:
    """One supervisord for all tests of a module."""
    found = new_supervisord(tmp_path_factory.mktemp("root"))
    yield found
    found.shut_down()


@pytest.fixture
def app(supervisor: Supervisord) -> Iterator[App]:
    """An app of its own for a test."""
    made = new_app(supervisor)
    yield made
    supervisor.close_front(made.name)
    supervisor.forget(made.name, [one.unit for one in supervisor.statuses(made.name)])


def ask(address: Path | int, text: str = "hello") -> bytes:
    """Connect, say something, and read all there is."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(20)
        connection.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
        connection.sendall(text.encode())
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def stop_jobs_from_another_process(app: App) -> None:
    """As the next engine would."""
    layout = app.supervisor._layout  # noqa: SLF001 - what the program would hand in
    script = """
import sys
from pathlib import Path
from pushdeploy.model.layout import embedded
from pushdeploy.system.supervisord import Supervisord
layout = embedded(Path(sys.argv[1]), Path(sys.argv[2]))
Supervisord(layout, Path(sys.executable)).stop_jobs(sys.argv[3])
"""
    line = [sys.executable, "-I", "-c", script, str(layout.state), str(layout.run), app.name]
    command.run(Command(line))


def test_a_web_gets_its_socket_and_its_environment_alone(app: App) -> None:
    web = app.instance(SERVES, PORT="8000", ODD="50% of $x; 'quoted' # \"really\"")

    app.run(web)

    assert web.socket is not None
    facts = json.loads(ask(web.socket))
    environment = facts["environment"]
    assert environment["LISTEN_FDS"] == "1"
    assert environment["LISTEN_PID"] == str(facts["pid"])
    assert environment["PORT"] == "8000"
    assert environment["ODD"] == "50% of $x; 'quoted' # \"really\""
    assert environment["HOME"] == str(web.home)
    assert facts["stdin"] == "/dev/null"
    assert not [name for name in environment if name.startswith("SUPERVISOR")]
    assert web.socket.stat().st_mode & 0o777 == 0o600


def test_a_web_with_a_port_is_reached_by_its_socket(app: App) -> None:
    port = free_port()
    web = app.instance(SERVES_A_PORT, port=port, PORT=str(port))

    app.run(web)

    assert web.socket is not None
    answered = web.socket
    eventually(lambda: ask(answered) == b"by port", "the bridge leads to the port")
    assert [one.unit for one in app.supervisor.statuses(app.name)] == [web.unit]


def test_what_runs_is_up_after_a_second(app: App) -> None:
    worker = app.instance(SLEEP, "send-mail")

    app.run(worker)

    assert app.status(worker).state is State.STARTING
    eventually(lambda: app.status(worker).state is State.UP, "up")
    status = app.status(worker)
    assert (status.process_type, status.name, status.restarts) == ("send_mail", "send_mail.1", 0)
    assert status.pid is not None
    assert processes.alive(status.pid)


def test_a_crash_loop_is_seen_and_goes_on(app: App) -> None:
    web = app.instance(FALLS)

    app.run(web)

    eventually(lambda: app.status(web).restarts >= 3, "three restarts")
    eventually(lambda: app.status(web).state is State.CRASHED, "crashed between two tries")
    assert app.supervisor.tail(web, 2) == ["no database", "no database"]


def test_requests_wait_while_a_crashed_web_is_started_again(app: App) -> None:
    web = app.instance(SERVES)
    app.run(web)
    assert web.socket is not None
    first = json.loads(ask(web.socket))["pid"]

    assert ask(web.socket, "fall") == b""
    second = json.loads(ask(web.socket))["pid"]

    assert second != first
    assert app.status(web).restarts == 1


def test_children_end_with_the_main_process(app: App) -> None:
    worker = app.instance(HAS_A_CHILD, "worker")
    app.run(worker)
    eventually(lambda: bool(app.supervisor.tail(worker, 1)), "the child's number")
    child = int(app.supervisor.tail(worker, 1)[0])
    main = app.status(worker).pid
    assert main is not None

    os.kill(main, signal.SIGKILL)

    eventually(lambda: not processes.alive(child), "the child is gone")


def test_stop_lets_a_process_finish_and_returns_when_it_is_gone(app: App) -> None:
    web = app.instance(KEEPS_ON)
    app.run(web)
    eventually(lambda: app.supervisor.tail(web, 9) == ["ready"], "ready")
    pid = app.status(web).pid
    assert pid is not None

    app.supervisor.stop([web])

    assert not processes.alive(pid)
    assert app.supervisor.tail(web, 9) == ["ready", "finishing", "done"]
    assert app.status(web).state is State.DOWN
    assert web.socket is not None
    assert not web.socket.exists()


def test_stop_ends_a_crash_loop(app: App) -> None:
    web = app.instance(FALLS)
    app.run(web)
    eventually(lambda: app.status(web).restarts >= 1, "a restart")

    app.supervisor.stop([web])

    assert app.status(web).state is State.DOWN
    lines = app.supervisor.tail(web, 99)
    time.sleep(1.5)
    assert app.supervisor.tail(web, 99) == lines


def test_what_was_stopped_starts_again_with_its_socket(app: App) -> None:
    web = app.instance(SERVES)
    app.run(web)
    app.supervisor.stop([web])

    app.supervisor.start([web])

    assert web.socket is not None
    assert json.loads(ask(web.socket))["pid"] == app.status(web).pid


def test_a_new_release_leaves_the_old_one_alone(app: App) -> None:
    old, new = app.instance(SERVES), app.instance(SERVES, release=2)
    app.run(old)
    before = app.status(old)

    app.run(new)
    app.run(old)

    assert app.status(old) == before
    assert {one.release for one in app.supervisor.statuses(app.name)} == {1, 2}


def test_a_change_counts_from_the_next_start(app: App) -> None:
    one, other = app.instance(SERVES, PORT="1"), app.instance(SERVES, PORT="2")
    app.run(one)
    assert one.socket is not None

    app.run(other)
    while_running = json.loads(ask(one.socket))["environment"]["PORT"]
    app.supervisor.stop([one])
    app.run(other)

    assert while_running == "1"
    assert json.loads(ask(one.socket))["environment"]["PORT"] == "2"


def test_what_is_forgotten_is_not_known_any_more(app: App) -> None:
    web, worker = app.instance(SERVES), app.instance(SLEEP, "worker")
    app.run(web, worker)

    app.supervisor.forget(app.name, [web.unit, worker.unit, "pushdeploy-other.v9.web"])

    assert app.supervisor.statuses(app.name) == []
    assert web.socket is not None
    assert not web.socket.exists()


def test_the_log_has_all_releases_and_only_those_instances_that_are_asked_for(app: App) -> None:
    releases = [app.instance(SAYS.format(f"web {n}"), release=n) for n in (1, 2)]
    worker = app.instance(SAYS.format("worker"), "worker")
    for one in (*releases, worker):
        app.run(one)
        eventually(lambda one=one: bool(app.supervisor.tail(one, 1)), "a line")  # type: ignore[misc]

    lines = list(app.supervisor.logs(app.name, names=[], lines=9, follow=False))
    webs = list(app.supervisor.logs(app.name, names=["web"], lines=1, follow=False))

    assert [line.text.rsplit(" ", 1)[0] for line in lines if line] == ["web 1", "web 2", "worker"]
    assert [(line.instance, line.release) for line in webs if line] == [("web.1", 2)]


def test_a_follower_sees_the_release_that_starts_later(app: App) -> None:
    app.run(app.instance(SAYS.format("old")))
    eventually(
        lambda: bool(list(app.supervisor.logs(app.name, names=[], lines=1, follow=False))), "a line"
    )
    log = app.supervisor.logs(app.name, names=[], lines=1, follow=True)
    first = next(log)

    app.run(app.instance(SAYS.format("new"), release=2))

    later = next(line for line in itertools.islice(log, 100) if line)
    assert first is not None
    assert (first.release, later.release, later.text.split()[0]) == (1, 2, "new")


def test_the_front_follows_the_link_and_is_left_alone_when_right(app: App) -> None:
    port = free_port()
    webs = [app.instance(SERVES, release=number) for number in (1, 2)]
    app.run(*webs)
    for number in (1, 2):
        app.place.release(number).root.mkdir()
        app.place.release(number).run.symlink_to(app.place.sockets(number))
    app.place.current.symlink_to("releases/v1")
    app.supervisor.open_front(app.name, port, app.place.live_socket)
    before = json.loads(ask(port))["pid"]

    app.place.current.unlink()
    app.place.current.symlink_to("releases/v2")
    app.supervisor.open_front(app.name, port, app.place.live_socket)

    assert before == app.status(webs[0]).pid
    assert json.loads(ask(port))["pid"] == app.status(webs[1]).pid
    assert app.supervisor.fronts() == [app.name]


def test_a_closed_front_frees_its_port(app: App) -> None:
    port = free_port()
    app.supervisor.open_front(app.name, port, app.place.live_socket)

    app.supervisor.close_front(app.name)

    assert app.name not in app.supervisor.fronts()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_front_on_another_s_port_is_an_error_and_changes_nothing(app: App) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandFailedError, match=f"port {port}"):
            app.supervisor.open_front(app.name, port, app.place.live_socket)

    assert app.name not in app.supervisor.fronts()


def test_the_newest_wake_counts(app: App) -> None:
    for seconds in (300, 400):
        app.supervisor.wake(app.name, seconds)

    infos = app.supervisor._daemon.infos()  # noqa: SLF001 - nothing else shows it
    name = f"pushdeploy-{app.name.replace('-', '_')}.wake"
    assert infos[name]["statename"] in ("STARTING", "RUNNING")
    text = app.supervisor._daemon.path(name).read_text()  # noqa: SLF001
    assert "sleep 400" in text
    app.supervisor._daemon.remove([name])  # noqa: SLF001


def test_a_job_s_output_comes_line_by_line_with_its_status(app: App) -> None:
    lines: list[str] = []
    shell = 'echo "$GREETING"; echo to stderr >&2; pwd; exit 7'

    status = app.supervisor.once(app.job("/bin/sh", "-c", shell), lines.append)

    assert (status, lines) == (7, ["hello you", "to stderr", str(app.place.root)])


def test_a_job_that_takes_too_long_is_killed_with_its_children(app: App) -> None:
    lines: list[str] = []
    shell = "setsid sleep 1000 & echo $!; wait"

    with pytest.raises(CommandFailedError, match="did not finish within 1 s"):
        app.supervisor.once(app.job("/bin/sh", "-c", shell, seconds=1), lines.append)

    assert not processes.alive(int(lines[0]))


def test_jobs_that_a_killed_engine_left_are_ended(app: App) -> None:
    lines: list[str] = []
    heard = threading.Event()
    ended: list[int] = []

    def hear(line: str) -> None:
        lines.append(line)
        heard.set()

    job = app.job("/bin/sh", "-c", "echo $$; sleep 1000", kind=JobKind.RELEASE_PHASE)
    thread = threading.Thread(target=lambda: ended.append(app.supervisor.once(job, hear)))
    thread.start()
    assert heard.wait(20)

    stop_jobs_from_another_process(app)

    thread.join(20)
    assert ended == [128 + signal.SIGKILL]


def test_jobs_of_other_apps_go_on(app: App, supervisor: Supervisord) -> None:
    other = new_app(supervisor)
    ended: list[int] = []
    heard = threading.Event()
    job = other.job("/bin/sh", "-c", "echo; sleep 1; exit 5")
    thread = threading.Thread(
        target=lambda: ended.append(supervisor.once(job, lambda _: heard.set()))
    )
    thread.start()
    assert heard.wait(20)

    supervisor.stop_jobs(app.name)

    thread.join(20)
    assert ended == [5]


def test_a_one_off_is_connected_to_the_caller_s_descriptors(app: App) -> None:
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
    os.write(in_write, b"typed")
    os.close(in_write)

    job = app.job("/bin/sh", "-c", "cat; echo oops >&2; kill -TERM $$", kind=JobKind.RUN)
    status = app.supervisor.run(job, (in_read, out_write, out_write), terminal=False, left=never)

    os.close(out_write)
    with os.fdopen(out_read, "rb") as said:
        assert said.read() == b"typedoops\n"
    os.close(in_read)
    assert status == 128 + signal.SIGTERM


@pytest.fixture
def hang_ups() -> Iterator[None]:
    """HUP ends a program, also when nohup runs the tests, which ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_ups")
def test_a_one_off_of_who_has_left_is_hung_up(app: App) -> None:
    in_read, in_write = os.pipe()

    job = app.job("/bin/sh", "-c", "sleep 1000 & wait $!", kind=JobKind.RUN)
    status = app.supervisor.run(job, (in_read, 2, 2), terminal=False, left=lambda: True)

    os.close(in_read)
    os.close(in_write)
    assert status == 128 + signal.SIGHUP


def test_a_one_off_at_a_terminal_has_a_terminal_of_its_own(app: App) -> None:
    keyboard, terminal = pty.openpty()
    script = "test -t 0 && test -t 1 && read line && echo got:$line && exit 3"
    os.write(keyboard, b"words\n")

    job = app.job("/bin/sh", "-c", script, kind=JobKind.RUN)
    status = app.supervisor.run(job, (terminal, terminal, terminal), terminal=True, left=never)

    said = b""
    while b"got:words" not in said and select.select([keyboard], [], [], 5)[0]:
        said += os.read(keyboard, 10_000)
    os.close(keyboard)
    os.close(terminal)
    assert status == 3
    assert b"got:words" in said


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl-C counts, also when a script runs the tests in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_at_the_terminal_reaches_the_one_off(app: App) -> None:
    keyboard, terminal = pty.openpty()
    ended: list[int] = []
    job = app.job("/bin/sh", "-c", "echo ready; exec sleep 1000", kind=JobKind.RUN)
    thread = threading.Thread(
        target=lambda: ended.append(
            app.supervisor.run(job, (terminal, terminal, terminal), terminal=True, left=never)
        )
    )
    thread.start()
    assert b"ready" in os.read(keyboard, 100)

    os.write(keyboard, b"\x03")

    thread.join(20)
    os.close(keyboard)
    os.close(terminal)
    assert ended == [128 + signal.SIGINT]


def test_nothing_runs_and_nothing_is_known_before_the_first_start(tmp_path: Path) -> None:
    fresh = new_supervisord(tmp_path)

    assert (fresh.statuses("blog"), fresh.fronts()) == ([], [])
    fresh.forget("blog", ["pushdeploy-blog.v1.web"])
    fresh.close_front("blog")
    fresh.shut_down()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_supervisord_ran_ends_and_a_new_one_runs_it_again(tmp_path: Path) -> None:
    fresh = new_supervisord(tmp_path)
    app = new_app(fresh)
    web, port = app.instance(SERVES), free_port()
    app.run(web)
    fresh.open_front(app.name, port, app.place.live_socket)
    assert web.socket is not None
    old = json.loads(ask(web.socket))["pid"]
    daemon = fresh._daemon.call("supervisor.getPID")  # noqa: SLF001
    assert isinstance(daemon, int)

    os.kill(daemon, signal.SIGKILL)

    eventually(lambda: not processes.alive(old), "the web is gone")
    assert fresh.statuses(app.name) == []
    fresh.open_front(app.name, port, app.place.live_socket)
    app.run(web)
    assert json.loads(ask(web.socket))["pid"] != old
    fresh.shut_down()


def test_what_a_killed_supervisord_had_just_started_is_not_left(tmp_path: Path) -> None:
    fresh = new_supervisord(tmp_path)
    app = new_app(fresh)
    web, port = app.instance(SERVES), free_port()
    app.run(web)
    fresh.open_front(app.name, port, app.place.live_socket)
    daemon = fresh._daemon.call("supervisor.getPID")  # noqa: SLF001
    assert isinstance(daemon, int)

    os.kill(daemon, signal.SIGKILL)
    eventually(lambda: not processes.alive(daemon), "supervisord is gone")
    fresh.open_front(app.name, port, app.place.live_socket)
    app.run(web)

    assert web.socket is not None
    assert json.loads(ask(web.socket))["pid"] == app.status(web).pid
    fresh.shut_down()
