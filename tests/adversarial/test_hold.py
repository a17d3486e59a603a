"""Nobody can hold the server: not its memory, not its processor, not all of its connections."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_refused, assert_serving, eventually

MOST_SESSIONS = 16
MEMORY = 600 << 20
"""Bytes that no process of a push came near to; the bombs take more than a gigabyte."""

# Connects again and again, sends nothing, and counts what becomes of it.
IDLE = """\
import json, select, socket, sys, time
held = []
for _ in range(int(sys.argv[1])):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    try:
        one.connect("/run/pushdeploy/engine.sock")
        held.append(one)
    except OSError:
        pass
print("connected", len(held), flush=True)
end = time.monotonic() + 60
refused = dropped = 0
while held and time.monotonic() < end:
    for one in select.select(held, [], [], 1)[0]:
        data = one.recv(1000)
        refused += b"as you may have at once" in data
        dropped += not data
        if not data:
            held.remove(one)
print(json.dumps({"refused": refused, "dropped": dropped, "held": len(held)}))
"""


@pytest.fixture(scope="module")
def tiny(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A live app, whose owner means no good."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy("tiny", {"VERSION": "1\n"})
    yield site
    site.destroy()


@pytest.fixture(scope="module")
def other(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Somebody else's laptop, with another key."""
    laptop = Laptop(host, tmp_path_factory.mktemp("other") / "home")
    host.write("/root/other.pub", laptop.key.with_suffix(".pub").read_text())
    host.run("pushdeploy", "keys:add", "other", "/root/other.pub")
    yield laptop
    host.run("pushdeploy", "keys:remove", "other")


def most_memory(host: Host, stop: threading.Event, found: list[int]) -> None:
    """Note what the largest process of `deploy` takes, until told to stop."""
    while not stop.is_set():
        said = host.run("ps", "-u", "deploy", "-o", "rss=", check=False).stdout.split()
        found.append(max(map(int, said), default=0) << 10)
        time.sleep(0.1)


@contextmanager
def watched(host: Host) -> Iterator[list[int]]:
    """The largest sizes that were seen meanwhile."""
    stop, found = threading.Event(), [0]
    thread = threading.Thread(target=most_memory, args=(host, stop, found))
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def bomb(site: Site, leaf: str) -> None:
    """Commit a tree of ten times ten times ten … folders, each of which is stored once."""
    folder, env = site.app.folder, site.laptop.environment
    for _ in range(10):
        lines = "".join(f"040000 tree {leaf}\tf{index}\n" for index in range(10))
        made = processes.run(["git", "mktree"], env=env, cwd=folder, stdin=lines)
        leaf = made.stdout.strip()
    root = site.laptop.git(site.app, "ls-tree", "HEAD").stdout + f"040000 tree {leaf}\tbomb\n"
    tree = processes.run(["git", "mktree"], env=env, cwd=folder, stdin=root).stdout.strip()
    parent = site.laptop.git(site.app, "rev-parse", "HEAD").stdout.strip()
    made = site.laptop.git(site.app, "commit-tree", "-p", parent, "-m", "Bomb", tree)
    site.laptop.git(site.app, "update-ref", "refs/heads/main", made.stdout.strip())


@pytest.mark.parametrize("kind", ["of files", "of folders alone"])
def test_a_bomb_of_a_tree_is_refused_as_it_is_walked(tiny: Site, kind: str) -> None:
    before = tiny.laptop.git(tiny.app, "rev-parse", "HEAD").stdout.strip()
    refs, empty = tiny.refs(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    run = tiny.laptop.git
    if kind == "of files":
        blob = run(tiny.app, "rev-parse", "HEAD:app.py").stdout.strip()
        leaf = processes.run(
            ["git", "mktree"],
            env=tiny.laptop.environment,
            cwd=tiny.app.folder,
            stdin=f"100644 blob {blob}\ta.py\n",
        ).stdout.strip()
    else:
        processes.run(["git", "mktree"], env=tiny.laptop.environment, cwd=tiny.app.folder, stdin="")
        leaf = empty
    bomb(tiny, leaf)

    with watched(tiny.host) as sizes:
        push = tiny.push()

    run(tiny.app, "reset", "--hard", "--quiet", before)
    assert_refused(push, "the tree has more than 300000 files and folders")
    assert max(sizes) < MEMORY
    assert tiny.refs() == refs
    assert_serving(tiny, version=1)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"Procfile": "web: " + "x" * 1_000_000 + "\n"}, "the maximum is 65,536"),
        ({"Procfile": "web: " + "\\" * 60_000 + "\n"}, "the maximum is 8,192"),
        ({"requirements.txt": "gunicorn\na" + " " * 1_000_000 + "x\n"}, "longer than 65,536"),
        ({"requirements.txt": "-r a\n" * 100_000}, "more than 1000 files"),
        ({"app.json": '{"a":' * 100_000}, "the maximum is 262,144"),
        (
            {"app.json": json.dumps({"pushdeploy": {"storage": [f"f{i}" for i in range(9000)]}})},
            "the maximum is 20",
        ),
    ],
    ids=["procfile", "line", "blanks", "includes", "app-json", "storage"],
)
def test_a_file_that_is_too_long_is_refused_with_the_most(
    tiny: Site, files: dict[str, str], words: str
) -> None:
    before = tiny.laptop.git(tiny.app, "rev-parse", "HEAD").stdout.strip()
    tiny.change(files)

    push = tiny.push()

    tiny.laptop.git(tiny.app, "reset", "--hard", "--quiet", before)
    assert push.exit_status != 0
    assert "remote rejected" in push.output  # nothing of it is stored
    assert words in " ".join(push.output.replace("remote:", "").replace("!", "").split())
    assert_serving(tiny, version=1)


@contextmanager
def sessions(site: Site, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Logs that are followed and never read."""
    command = f"logs --tail --app {site.name}"
    argv = site.laptop.ssh_argv(command=command)
    started = []
    for _ in range(count):
        started.append(processes.start(argv, env=site.laptop.environment))
        time.sleep(0.3)  # sshd drops some of those who all come at once (MaxStartups)
    try:
        yield started
    finally:
        for one in started:
            processes.end(one)


def test_one_key_cannot_shut_out_the_others(tiny: Site, other: Laptop) -> None:
    free = tiny.laptop.ssh("apps")
    assert free.returncode == 0, free.stderr

    with sessions(tiny, MOST_SESSIONS):
        eventually(lambda: tiny.laptop.ssh("apps").returncode, 6, seconds=60)
        refused = tiny.laptop.ssh("apps")
        theirs = other.ssh("apps")
        roots = tiny.host.run("pushdeploy", "apps", check=False)

    assert f"has {MOST_SESSIONS} sessions open already" in refused.stderr
    assert (theirs.returncode, tiny.name in theirs.stdout) == (0, True)
    assert (roots.returncode, tiny.name in roots.stdout) == (0, True)
    eventually(lambda: tiny.laptop.ssh("apps").returncode, 0, seconds=60)


def test_who_connects_and_says_nothing_is_dropped_and_root_gets_through(tiny: Site) -> None:
    child = tiny.host.start("python3", "-c", IDLE, "140", user="deploy")
    assert child.stdout is not None
    assert child.stdout.readline().startswith("connected")

    roots = tiny.host.run("pushdeploy", "apps", check=False)

    assert (roots.returncode, tiny.name in roots.stdout) == (0, True)
    counts = json.loads(child.stdout.readline())
    processes.end(child)
    assert counts["held"] == 0
    assert counts["refused"] > 0
    assert counts["dropped"] >= 96
    eventually(lambda: tiny.laptop.ssh("apps").returncode, 0, seconds=60)


def test_an_app_that_is_held_does_not_hold_up_the_others(tiny: Site, site: Site) -> None:
    site.deploy("tiny", {"VERSION": "7\n"})
    unit = f"{site.unit}{site.current}.web"
    holder = tiny.host.start("flock", f"{tiny.root}/lock", "sleep", "100")
    try:
        site.host.run("systemctl", "stop", f"{unit}.service", f"{unit}.socket")

        answer = site.host.run("pushdeploy", "reconcile", check=False)

        assert f"{site.name}: started web.1 of {site.current}" in answer.stdout
        assert f"{tiny.name}: left alone" in answer.stdout
    finally:
        processes.end(holder)
    assert_serving(site, version=7)


def test_logins_and_engines_have_limits(host: Host) -> None:
    user = host.run("id", "-u", "deploy").stdout.strip()
    shown = host.run(
        *("systemctl", "show", "--property=MemoryMax,TasksMax", f"user-{user}.slice")
    ).stdout

    limits = dict(line.split("=") for line in shown.split())
    assert limits["TasksMax"] == "1024"
    assert limits["MemoryMax"].isdigit()
    text = host.run("systemctl", "cat", "pushdeploy.engine@.service").stdout
    assert "MemoryMax=50%" in text


def test_a_release_command_holds_its_app_neither_by_a_child_nor_by_empty_lines(site: Site) -> None:
    child = "trap '' TERM HUP INT; sleep 997 & wait"
    lines = f"release: (bash -c \"{child}\" &) ; yes '' | head --lines=200000\n"

    push = site.deploy("tiny", {"Procfile": f"{lines}web: gunicorn app:app\n"})

    assert "20,000 lines: the rest is dropped" in push.output
    assert site.host.run("pgrep", "--full", "sleep 997", check=False).stdout == ""
    log = f"/var/log/pushdeploy/{site.name}/1.jsonl"
    assert int(site.host.run("stat", "--format=%s", log).stdout) < 8 << 20
