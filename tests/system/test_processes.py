"""What runs, and who holds a port, asked of real processes."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pushdeploy.model.settings import FIRST_PORT
from pushdeploy.system import processes

SERVER = """
import socket, sys, time
server = socket.create_server((sys.argv[1], 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


def listening_process(host: str) -> tuple[subprocess.Popen[bytes], int]:
    """A process that listens on a port, and the port."""
    child = subprocess.Popen([sys.executable, "-c", SERVER, host], stdout=subprocess.PIPE)
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def test_who_listens_on_a_port_is_named() -> None:
    child, port = listening_process("127.0.0.1")
    with child:
        holder = processes.port_holder(port)
        child.kill()

    assert holder is not None
    assert holder.pid == child.pid
    assert holder.name.startswith("python")
    assert holder.user


def test_a_listener_on_every_address_holds_the_port_too() -> None:
    child, port = listening_process("0.0.0.0")  # noqa: S104 - what is tested
    with child:
        holder = processes.port_holder(port)
        child.kill()

    assert holder is not None
    assert holder.pid == child.pid


def test_a_port_on_which_nobody_listens_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert processes.port_holder(port) is None


def test_a_port_that_is_bound_without_listening_is_held() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))

        holder = processes.port_holder(bound.getsockname()[1])

    assert holder is not None
    assert holder.pid is None


def test_the_first_free_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            free = other.getsockname()[1]

        assert processes.free_port([taken, free]) == free
        assert processes.free_port([taken]) is None


def test_a_process_and_its_children_are_measured_together() -> None:
    own = processes.usage(os.getpid())

    assert own is not None
    assert own.memory > 10 << 20
    assert own.started > 0


def test_grandchildren_can_be_left_out() -> None:
    forks = "import os, time; os.fork(); print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        ["sh", "-c", '"$0" -c "$1"; :', sys.executable, forks], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(2)]

        family = [processes.usage(child.pid, grandchildren=one) for one in (True, False)]
        pids = processes.children(child.pid)
        for pid in (*(two for one in pids for two in processes.children(one)), *pids):
            os.kill(pid, signal.SIGKILL)

    assert lines == [b"\n", b"\n"]
    assert family[0] is not None
    assert family[1] is not None
    assert family[0].memory > family[1].memory + (1 << 20)


def test_a_process_that_is_gone_has_no_usage() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()

    assert processes.usage(child.pid) is None
    assert not processes.alive(child.pid)


def test_a_zombie_is_not_alive() -> None:
    reading, writing = os.pipe()
    child = subprocess.Popen(["true"], stdout=writing)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)

    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    alive = processes.alive(child.pid)
    child.wait()

    assert not alive


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    """A process that sleeps; it is back when the kernel shows its environment."""
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, **environment})
    while not Path(f"/proc/{process.pid}/environ").read_bytes():
        time.sleep(0.001)
    return process


def test_marked_processes_are_killed_and_no_others() -> None:
    marked = sleeper(PD_TEST_MARK="x1")
    others = [sleeper(PD_TEST_MARK="x11"), sleeper(NOT_PD_TEST_MARK="x1")]

    processes.kill_marked("PD_TEST_MARK", "x1")

    assert not processes.alive(marked.pid)
    marked.wait()
    assert [other.poll() for other in others] == [None, None]
    for other in others:
        other.kill()
        other.wait()


FORKS = """
import os, sys, time
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        time.sleep(1000)
print("forked", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize(
    ("line", "workers"),
    [
        (["gunicorn", "2"], 2),
        (["gunicorn", "0"], 0),
        (["app", "2", "--workers", "2"], 2),
        (["app", "2"], None),
        (["uvicorn", "5"], 5),
        (["fastapi", "5"], 5),
    ],
)
@pytest.mark.parametrize("shell", [False, True])
def test_the_workers_of_a_server_are_those_that_run(
    tmp_path: Path, line: list[str], workers: int | None, *, shell: bool
) -> None:
    program = tmp_path / line[0]
    program.write_text(FORKS)
    argv = [sys.executable, str(program), *line[1:]]
    if shell:
        argv = ["/bin/sh", "-c", f"{shlex.join(argv)}; true"]
    told = {**os.environ, "WEB_CONCURRENCY": "5"}
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True, env=told)
    try:
        assert child.stdout is not None
        child.stdout.readline()

        assert processes.server_workers(child.pid) == workers
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_uvicorn_that_is_told_of_one_worker_has_none(tmp_path: Path) -> None:
    program = tmp_path / "uvicorn"
    program.write_text(FORKS)
    argv, told = [sys.executable, str(program), "1"], {**os.environ, "WEB_CONCURRENCY": "1"}
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True, env=told)
    try:
        assert child.stdout is not None
        child.stdout.readline()

        assert processes.server_workers(child.pid) is None
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_a_process_that_is_gone_has_no_workers() -> None:
    assert processes.server_workers(2**22 + 1) is None


def test_another_port_is_one_that_can_be_had() -> None:
    proposed = processes.another_port(80, {FIRST_PORT})
    assert proposed > FIRST_PORT

    with socket.create_server(("127.0.0.1", proposed)):
        other = processes.another_port(proposed - 1)

    assert other > proposed


def test_root_may_have_any_port_and_others_what_the_kernel_says() -> None:
    said = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()

    assert processes.lowest_port() == (1 if os.geteuid() == 0 else int(said))
