"""What an app prints is shown as it was printed, and what is missing is said to be."""

import json
from collections.abc import Iterator

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_cli_refused, assert_refused, eventually

# Prints what each line of stdin names, as a worker that is told by a file in storage.
PRINTS = """
import os, socket, sys, time

def send(*fields):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.sendto(b"".join(fields), "/run/systemd/journal/socket")

def binary(name, value):
    return name + b"\\n" + len(value).to_bytes(8, "little") + value + b"\\n"

def forged():
    send(b"MESSAGE=one\\nMESSAGE=two\\n")
    send(b"PRIORITY=6\\n")
    send(b"MESSAGE=Suppressed 7 messages from pushdeploy-blog.v1.web.service\\n"
         b"MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e\\n_TRANSPORT=driver\\nUNIT=x.service\\n")
    send(b"MESSAGE=killed\\nMESSAGE_ID=fe6faa94e7774663a0da52717891d8ef\\n_PID=1\\n"
         b"UNIT=pushdeploy-blog.v1.web.service\\n_SYSTEMD_UNIT=pushdeploy-blog.v1.web.service\\n")

def flood():
    for number in range(150_000):
        print("flood", number)
    sys.stdout.flush()
    time.sleep(12)
    print("after the flood", flush=True)

print("long-begin", "x" * 40_000, "long-end", flush=True)
os.write(1, b"not text: \\xff\\xfe\\n")
print("line\\u2028separator", flush=True)
forged()
print("forged all", flush=True)
flood()
time.sleep(3600)
"""

FALLS = {
    "long line": (
        "raise RuntimeError('begin ' + 'x' * 20_000 + ' end')",
        ["Traceback (most recent call last):", "RuntimeError: begin xxx", "xxx end"],
    ),
    "exits": (
        "import sys; print('SECRET_KEY is not set'); sys.exit(3)",
        ["SECRET_KEY is not set"],
    ),
    "odd exception": (
        "class Away(BaseException): pass\nraise Away('first\\nsecond\\n  third')",
        ["raise Away(", "app.Away: first", "second", "third"],
    ),
}


@pytest.fixture(scope="module")
def live(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app whose worker prints all kinds of lines, and then far too many."""
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    site.deploy(
        "tiny", {"prints.py": PRINTS, "Procfile": "web: gunicorn app:app\nw: python prints.py\n"}
    )
    yield site
    site.destroy()


def test_long_and_odd_lines_are_whole_and_forged_ones_are_the_app_s_own(live: Site) -> None:
    eventually(lambda: "after the flood" in live.cli("logs -p w -n 5").stdout, wanted=True)

    newest = live.cli("logs -p w -n 5").stdout
    whole = live.cli("logs -p w -n 100000").stdout

    lines = [line.partition("app[w.1]: ")[2] for line in whole.splitlines()]
    assert "long-begin " + "x" * 40_000 + " long-end" in lines
    assert "not text: \ufffd\ufffd" in lines
    assert "line\\u2028separator" in lines
    assert "one\\ntwo" in lines or "one\\x0atwo" in lines
    assert "Suppressed 7 messages from pushdeploy-blog.v1.web.service" in lines
    assert "killed" in lines
    assert not [line for line in lines if "7 lines are lost" in line]
    lost = [line for line in newest.splitlines() if "lines are lost here" in line]
    assert len(lost) == 1, newest
    shown = sum(line.startswith("flood ") for line in lines)
    missing = int(lost[0].partition("(")[2].split(" ")[0].replace(",", ""))
    assert shown >= 20_000
    assert shown + missing == 150_000
    assert "blog" not in {line.partition("app[")[0] for line in lines}


@pytest.mark.parametrize("kind", FALLS)
def test_a_failed_push_shows_what_the_app_itself_said(live: Site, kind: str) -> None:
    code, wanted = FALLS[kind]
    live.change({"app.py": code + "\n"})

    push = live.push()

    assert_refused(push, "v1 is still live.")
    shown = " ".join(push.output.split())
    assert all(one in shown for one in wanted), push.output
    assert "Booting worker" not in push.output
    assert "Worker failed to boot" not in push.output


def test_a_journal_that_keeps_nothing_is_said_to(live: Site) -> None:
    drop_in = "/etc/systemd/journald.conf.d/none.conf"
    live.host.write(drop_in, "[Journal]\nStorage=none\n")
    live.host.run("systemctl", "restart", "systemd-journald")
    try:
        live.change({"app.py": FALLS["exits"][0] + "\n"})
        push = live.push()
        logs = live.cli("logs -p nothing")
    finally:
        live.host.run("rm", drop_in)
        live.host.run("systemctl", "restart", "systemd-journald")

    assert_refused(push, "v1 is still live.")
    assert "The output of web.1 is not kept: Storage=none in journald.conf." in push.output
    assert "printed nothing" not in push.output
    assert (logs.returncode, logs.stdout) == (0, "")
    assert logs.stderr == f"The output of {live.name} is not kept: Storage=none in journald.conf.\n"


def test_a_process_type_that_nobody_has_is_refused(live: Site) -> None:
    for command in ("logs -p nothing", "logs -t -p nothing.1"):
        logs = live.cli(command, check=False)

        assert_cli_refused(logs, 4, f"the Procfile of `{live.name}` has no `nothing")
    assert json.loads(live.cli("ps --json").stdout)["release"] == "v1"
