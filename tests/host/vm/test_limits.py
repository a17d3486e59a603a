"""On a machine with control groups of version 2: what takes too much is held, and says so."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.host.checkout import Installed
from tests.host.laptop import Laptop
from tests.host.story import (
    Site,
    assert_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)
from tests.host.vm.machine import Machine
from tests.host.vm.powered import PATIENT
from tests.host.web import http_request
from tests.tiers import slow

pytestmark = slow

PATIENCE_SECONDS = 300.0
SHORT_SECONDS = 5.0
APPS = "/pushdeploy.slice"

# Takes what it is asked to take: a share of the memory, threads or processes without end.
HUNGRY = """
import os
import threading
import time

MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
PIECE = 8 << 20

kept = []

def eat(share):
    while len(kept) * PIECE < MEMORY * share:
        kept.append(b"x" * PIECE)
    return "full"

def start_threads():
    waiting = threading.Event()
    try:
        while True:
            threading.Thread(target=waiting.wait, daemon=True).start()
    except RuntimeError as error:
        return str(error)
    finally:
        waiting.set()

def bomb():
    while True:
        try:
            os.fork()
        except BlockingIOError:
            pass

def app(environ, start_response):
    verb, _, share = environ["PATH_INFO"].strip("/").partition("/")
    doing = {"eat": lambda: eat(float(share)), "threads": start_threads, "bomb": bomb}
    answer = doing.get(verb, lambda: "hungry")().encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""

# A package whose build takes what its name says.
EATS = """
kept = []
while True:
    kept.append(b"x" * (8 << 20))
"""
FORKS = """
import os
while True:
    try:
        os.fork()
    except BlockingIOError:
        pass
"""
BUILT_HERE = {
    "greedy/pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n',
    "requirements.txt": "gunicorn==27.0.1\n./greedy\n",
}


@pytest.fixture(scope="module")
def machine(installed: Installed, machines_can_boot: None) -> Iterator[Machine]:
    """One machine for all tests of this file."""
    with Machine.from_disk(installed.suite, "limits", installed.disk) as machine:
        yield machine


@pytest.fixture(scope="module")
def laptop(
    machine: Machine, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Laptop:
    """A laptop that may push to it."""
    return Laptop(machine, tmp_path_factory.mktemp("laptop") / "home", installed.key)


@pytest.fixture(scope="module")
def quiet(machine: Machine, laptop: Laptop) -> Site:
    """Another app on the same server, which must never notice."""
    site = Site.new(machine, laptop, "quiet")
    site.deploy("tiny", {"VERSION": "1\n", **PATIENT})
    return site


@pytest.fixture(scope="module")
def hungry(machine: Machine, laptop: Laptop, quiet: Site) -> Site:
    """An app that takes what it is asked to take."""
    site = Site.new(machine, laptop, "hungry")
    site.deploy("tiny", {"app.py": HUNGRY, **PATIENT})
    return site


@pytest.fixture
def greedy(machine: Machine, laptop: Laptop, hungry: Site) -> Iterator[Site]:
    """One more of them."""
    site = Site.new(machine, laptop, "greedy")
    site.deploy("tiny", {"app.py": HUNGRY, **PATIENT})
    yield site
    site.destroy()


@pytest.fixture(autouse=True)
def undisturbed(quiet: Site) -> Iterator[None]:
    """The other app's process is the same before and after, and it answers."""
    before = quiet.main_pid()
    yield
    assert_serving(quiet, version=1)
    assert quiet.main_pid() == before


def group(site: Site) -> str:
    """The control group of the live web process, below the root."""
    unit = f"{site.unit}{site.current}.web.service"
    return site.host.run("systemctl", "show", "--value", "-pControlGroup", unit).stdout.strip()


def kept_by_kernel(site: Site, where: str, name: str) -> int:
    """A number that the kernel has for a control group."""
    return int(site.host.read(f"/sys/fs/cgroup{where}/{name}"))


def kills(site: Site) -> list[tuple[str, str]]:
    """Of each process that the kernel killed for memory: whose limit it was, and its group."""
    journal = ("journalctl", "--dmesg", "--output=cat", "--grep=^oom-kill:")
    lines = site.host.run(*journal, check=False).stdout.splitlines()
    facts = [dict(word.partition("=")[::2] for word in line.split(",")) for line in lines]
    return [(one.get("oom_memcg", "the machine's"), one["task_memcg"]) for one in facts]


def share_of_memory(site: Site, where: str) -> int:
    """A group's limit, in percent of what the machine has."""
    total = int(site.host.read("/proc/meminfo").split()[1]) << 10
    return round(100 * kept_by_kernel(site, where, "memory.max") / total)


def test_the_kernel_has_the_limits(hungry: Site) -> None:
    assert share_of_memory(hungry, group(hungry)) == 70
    assert share_of_memory(hungry, APPS) == 85
    assert kept_by_kernel(hungry, group(hungry), "pids.max") == 512


def test_an_app_that_eats_memory_is_killed_alone(hungry: Site) -> None:
    before, master = kills(hungry), hungry.main_pid()

    with pytest.raises(ConnectionError):
        hungry.get("/eat/1.0", timeout=PATIENCE_SECONDS)

    eventually(lambda: hungry.get("/").text, "hungry", PATIENCE_SECONDS)
    assert kills(hungry) == [*before, (group(hungry), group(hungry))]
    assert hungry.main_pid() == master
    assert "killed by the kernel: out of memory" in hungry.cli("logs").stdout


def test_apps_that_together_eat_more_than_all_may_are_killed_alone(
    hungry: Site, greedy: Site
) -> None:
    before = kills(hungry)
    assert hungry.get("/eat/0.5", timeout=PATIENCE_SECONDS).text == "full"

    with suppress(ConnectionError):  # the kernel takes one of the two
        greedy.get("/eat/0.5", timeout=PATIENCE_SECONDS)

    eventually(lambda: hungry.get("/").text, "hungry", PATIENCE_SECONDS)
    eventually(lambda: greedy.get("/").text, "hungry", PATIENCE_SECONDS)
    (limit, killed), *others = kills(hungry)[len(before) :]
    assert (limit, others) == (APPS, [])
    assert killed in (group(hungry), group(greedy))


def test_an_app_that_starts_threads_without_end_meets_its_limit(hungry: Site) -> None:
    answer = hungry.get("/threads", timeout=PATIENCE_SECONDS)

    assert answer.text == "can't start new thread"
    assert hungry.get("/").text == "hungry"


def test_a_fork_bomb_in_an_app_leaves_the_server_usable(
    machine: Machine, hungry: Site, quiet: Site
) -> None:
    bombed = group(hungry)
    with suppress(ConnectionError, TimeoutError):
        hungry.get("/bomb", timeout=SHORT_SECONDS)
    eventually(lambda: kept_by_kernel(hungry, bombed, "pids.current"), 512, PATIENCE_SECONDS)

    login = hungry.laptop.ssh("version")
    front = http_request(machine, "http://127.0.0.1/", timeout=PATIENCE_SECONDS)
    other = quiet.get("/", timeout=PATIENCE_SECONDS)

    assert (login.returncode, login.stdout.split()[0]) == (0, "pushdeploy")
    assert front.headers["Server"].startswith("nginx")
    assert other.text.startswith("v=1 ")
    assert kept_by_kernel(hungry, bombed, "pids.current") <= 512
    unit = f"{hungry.unit}{hungry.current}.web.service"
    hungry.cli("restart")
    eventually(lambda: hungry.get("/").text, "hungry", PATIENCE_SECONDS)
    machine.run("systemctl", "kill", "--signal=KILL", unit)  # else it goes on while it is warm
    tasks = ("systemctl", "show", "-pTasksCurrent", unit)
    eventually(lambda: "512" in machine.run(*tasks).stdout, wanted=False, seconds=PATIENCE_SECONDS)
    state = ("systemctl", "is-active", unit)  # it starts again, since it is warm
    eventually(lambda: machine.run(*state, check=False).stdout, "active\n", PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        (EATS, "the build was killed: it needed more memory than the 70% of the server's"),
        (FORKS, "the build tried to run more than 512 processes and threads at once"),
    ],
    ids=["eats", "forks"],
)
def test_a_build_that_takes_too_much_fails_the_push(hungry: Site, setup: str, words: str) -> None:
    before = snapshot(hungry)
    hungry.change({"greedy/setup.py": setup, **BUILT_HERE})

    push = hungry.laptop.push(hungry.app, timeout=PATIENCE_SECONDS * 2)

    assert_refused(push, words, "Next:")
    assert_unchanged(hungry, before)
