"""`run`: words and bytes go over as they are, and the exit status comes back."""

import hashlib
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_cli_refused, assert_refused, eventually

CLIENT = (sys.executable, "-m", "pushdeploy.programs.command_line")

SAY_WORDS = (
    "import os, sys; words = map(os.fsencode, sys.argv[1:]);"
    "sys.stdout.buffer.write(b''.join(word + b'\\0' for word in words))"
)
AT_TERMINAL = """
import os, sys, time
try:
    print(os.ttyname(0), "is asked", flush=True)
    print("got", input(), "ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("caught")
    sys.exit(9)
"""
MISSES_ONE = """
import os, sys, traceback
print("data")
try:
    os.environ["MISSING_KEY"]
except KeyError:
    traceback.print_exc()
sys.exit(3)
"""
NAMES_ITS_OWN = """
import os, sys
for one in range(3):
    print(one, os.readlink(f"/proc/self/fd/{one}"))
sys.exit(7)
"""

# All that systemd, a shell, ssh, click or JSON could make something else of.
HARD = (
    *("${MEDIA}", "$HOME", "$$", "$", "${", "a$b$$c", "%n %i %% %", "%(ENV_PATH)s"),
    *("", " ", "two  words", "a\nb\n", "\r\n", "\t", "'\"\\", "\\", "\\x41", "trailing\\"),
    *("-x", "--", "--app", "--json", "-", "+x", "@x", ":x", "!x", "|", ";", "&&", "#", "# x"),
    *("*", "?", "~", "`id`", "$(id)", "<x", ">x", "=", "A=1", "{}", "grüße ✓ 🐍", "\u2028"),
    *("\x01\x1b[0m\x7f", os.fsdecode(b"\xff\xfe not text"), "x" * 20_000),
)


@pytest.fixture(scope="module")
def live(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app `tiny`, live, for all tests here: none of them changes it."""
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    site.deploy("tiny")
    yield site
    site.destroy()


def over_ssh(site: Site, *words: str) -> list[str]:
    """The command line that sends these words from the laptop's ssh."""
    return site.laptop.ssh_argv(command=shlex.join(["run", "--app", site.name, "--", *words]))


def bytes_of(
    site: Site, argv: Sequence[str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end, on the laptop, in the checkout of the app."""
    return subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        check=False,
        env=site.laptop.environment,
        cwd=site.app.folder,
        timeout=processes.TIMEOUT_SECONDS,
    )


# Words


@pytest.mark.parametrize("way", ["over ssh", "on the laptop", "on the server"])
def test_words_reach_the_command_byte_for_byte(live: Site, way: str) -> None:
    words = ("python", "-c", SAY_WORDS, *HARD)
    argv = {
        "over ssh": over_ssh(live, *words),
        "on the laptop": [*CLIENT, "run", *words],
        "on the server": live.host.argv("pushdeploy", "run", "--app", live.name, "--", *words),
    }[way]

    answer = bytes_of(live, argv)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split(b"\0")[:-1] == [os.fsencode(word) for word in HARD]


def test_a_variable_that_is_not_set_stays_in_the_hands_of_the_shell(live: Site) -> None:
    """`rm -rf "${MEDIA}/"*` must never become `rm -rf /*`."""
    line = 'MEDIA=/srv/media; printf "%s|" "${MEDIA}/x" $$ "$MEDIA" "${NONE:?is not set}"'

    answer = bytes_of(live, over_ssh(live, line))

    assert answer.returncode == 127
    assert b"NONE: is not set" in answer.stderr
    quoted = bytes_of(live, over_ssh(live, line.replace('"${NONE:?is not set}"', "")))
    first, pid, third = quoted.stdout.decode().split("|")[:3]
    assert (first, pid.isdigit(), third) == ("/srv/media/x", True, "/srv/media")


def test_the_first_word_may_begin_with_what_systemd_or_a_shell_reads(live: Site) -> None:
    for word in ("-c", "@sh", "+sh", ":sh", "!sh", "--norc"):
        answer = bytes_of(live, over_ssh(live, word, "true"))

        assert answer.returncode == 127, (word, answer)
        assert b"not found" in answer.stderr


def test_an_app_that_is_called_like_the_command_takes_no_word_away(live: Site) -> None:
    answer = live.host.run("pushdeploy", "run", "--app", live.name, live.name, "x", check=False)
    alone = live.host.run("pushdeploy", "run", "--", live.name, "x", check=False)

    assert answer.returncode == 127
    assert f"{live.name}: not found" in answer.stderr
    assert alone.returncode != 0
    assert f"{live.name}: not found" in alone.stderr or "which app?" in alone.stderr


def test_no_word_is_left_where_others_can_read_it(live: Site) -> None:
    secret = "s3cret-of-run"  # noqa: S105 - a canary
    line = over_ssh(live, "sh", "-c", f"echo began; read x; : {secret}")
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=live.laptop.environment
    ) as child:
        assert child.stdout is not None
        processes.read_until(child.stdout.fileno(), "began")
        units = live.host.run("systemctl", "show", "--all", f"{live.unit}run.*").stdout
        files = live.host.run("sh", "-c", "stat -c '%a %U %n' /run/pushdeploy/.jobs/*").stdout
        names = live.host.run("ls", "/run/pushdeploy/.jobs", user="nobody", check=False)
        child.communicate(b"x\n")
    journal = live.host.run("journalctl", "--no-pager", "--output=export").stdout

    assert f"{live.name}: one-off command" in units
    assert secret not in units
    assert secret not in journal
    assert files.startswith(f"400 pd-{live.name} /run/pushdeploy/.jobs/{live.unit}run.")
    assert names.returncode != 0
    assert live.host.run("ls", "/run/pushdeploy/.jobs").stdout == ""


# Exit status


@pytest.mark.parametrize("way", ["over ssh", "on the laptop"])
def test_the_exit_status_is_the_command_s(live: Site, way: str) -> None:
    wanted = {
        **{f"exit {status}": status for status in (0, 1, 7, 130, 255)},
        **{f"kill -{one.name[3:]} $$": 128 + one for one in (signal.SIGTERM, signal.SIGKILL)},
    }
    if way == "over ssh":
        more = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGSEGV, signal.SIGUSR1)
        wanted |= {f"kill -{one.name[3:]} $$": 128 + one for one in more}
        wanted |= {"kill -40 $$": 168, "exec /nowhere": 127, "exec /etc/passwd": 126}

    for line, status in wanted.items():
        words = ("sh", "-c", line)
        argv = over_ssh(live, *words) if way == "over ssh" else [*CLIENT, "run", *words]
        answer = bytes_of(live, argv)
        assert (line, answer.returncode, answer.stdout) == (line, status, b"")


# Bytes


def test_bytes_go_through_as_they_are_both_ways(live: Site) -> None:
    data = bytes(range(256)) * 40_000
    shell = "cat; echo problem >&2"

    answer = bytes_of(live, over_ssh(live, shell), data)

    assert hashlib.sha256(answer.stdout).digest() == hashlib.sha256(data).digest()
    assert answer.stderr == b"problem\n"


def test_the_client_passes_stdin(live: Site) -> None:
    answer = bytes_of(live, [*CLIENT, "run", "cat"], b"hello\n")

    assert (answer.returncode, answer.stdout) == (0, b"hello\n")


def test_closed_descriptors_are_empty_ones(live: Site) -> None:
    line = f"pushdeploy run --app {live.name} -- sh -c 'cat; echo said'"

    without_stdin = live.host.run("sh", "-c", f"{line} <&-")
    without_all = live.host.run("sh", "-c", f"{line} <&- >&- 2>&-", check=False)

    assert without_stdin.stdout == "said\n"
    assert (without_all.stdout, without_all.stderr) == ("", "")


def test_a_command_of_who_has_left_is_hung_up(live: Site) -> None:
    argv = over_ssh(live, "sh", "-c", "echo began; exec sleep 1234")
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=live.laptop.environment
    ) as child:
        assert child.stdout is not None
        processes.read_until(child.stdout.fileno(), "began")
        assert live.host.run("pgrep", "-xf", "sleep 1234").stdout
        child.kill()

    eventually(lambda: live.host.run("pgrep", "-xf", "sleep 1234", check=False).stdout, "")
    eventually(lambda: live.host.run("ls", "/run/pushdeploy/.jobs").stdout, "")


def test_ctrl_c_on_the_server_without_a_terminal_ends_the_command(live: Site) -> None:
    argv = ("timeout", "--signal=INT", "3", "pushdeploy", "run", "--app", live.name)

    answer = live.host.run(*argv, "--", "sleep", "1235", check=False)

    assert answer.returncode != 0
    eventually(lambda: live.host.run("pgrep", "-xf", "sleep 1235", check=False).stdout, "")


# A terminal


def test_at_a_terminal_the_command_gets_one_with_keys_and_its_status(live: Site) -> None:
    leader, follower = pty.openpty()
    line = shlex.join(["run", "--app", live.name, "--", "python", "-c", AT_TERMINAL])
    argv = live.laptop.ssh_argv("-tt", command=line)

    with subprocess.Popen(
        argv,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=live.laptop.environment,
        start_new_session=True,
    ) as process:
        os.close(follower)
        try:
            shown = processes.read_until(leader, "is asked")  # systemd drops what is typed before
            os.write(leader, b"hello\n")
            shown += processes.read_until(leader, "ready")
            os.write(leader, b"\x03")
            processes.read_until(leader, "caught")
            status = process.wait(30)
        finally:
            process.kill()
            os.close(leader)

    assert "/dev/pts/" in shown
    assert "got hello" in shown
    assert status == 9


@pytest.mark.parametrize("line", ["{run} | cat", "echo typed | {run}", "{run} 2> /dev/null"])
def test_a_command_never_holds_the_terminal_of_who_called_it(live: Site, line: str) -> None:
    run = shlex.join(["pushdeploy", "run", "--app", live.name, "--", "python", "-c", NAMES_ITS_OWN])
    leader, follower = pty.openpty()
    argv = live.host.argv("bash", "-c", f"set -o pipefail; {line.format(run=run)}; echo status $?")

    with subprocess.Popen(
        argv, stdin=follower, stdout=follower, stderr=follower, start_new_session=True
    ) as process:
        os.close(follower)
        try:
            shown = processes.read_until(leader, "status 7")
        finally:
            process.kill()
            os.close(leader)

    held = re.findall(r"([012]) (pipe:|/dev/pts/)", shown)
    kind = "/dev/pts/" if line.startswith("{run} 2>") else "pipe:"
    assert held == [(str(number), kind) for number in range(3)]


# Why it failed


def test_a_failure_is_explained_after_the_command_s_own_words(live: Site) -> None:
    failed = bytes_of(live, over_ssh(live, "python", "-c", MISSES_ONE))
    well = bytes_of(live, over_ssh(live, "python", "-c", MISSES_ONE.replace("exit(3)", "exit(0)")))

    assert (failed.returncode, failed.stdout) == (3, b"data\n")
    own, _, said = failed.stderr.decode().partition("KeyError: 'MISSING_KEY'\n")
    assert own.startswith("Traceback (most recent call last):\n")
    assert "The app needs the config var `MISSING_KEY`, which is not set." in said
    assert f"config:set MISSING_KEY=VALUE --app {live.name}" in said
    assert (well.returncode, well.stderr) == (0, f"{own}KeyError: 'MISSING_KEY'\n".encode())


def test_a_failure_is_explained_at_a_terminal_too(live: Site) -> None:
    leader, follower = pty.openpty()
    line = shlex.join(["run", "--app", live.name, "--", "python", "-c", MISSES_ONE])
    argv = live.laptop.ssh_argv("-tt", command=line)

    with subprocess.Popen(
        argv,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=live.laptop.environment,
        start_new_session=True,
    ) as process:
        os.close(follower)
        try:
            shown = processes.read_until(leader, "config:set MISSING_KEY=VALUE")
            status = process.wait(30)
        finally:
            process.kill()
            os.close(leader)

    assert status == 3
    assert shown.index("KeyError: 'MISSING_KEY'\r\n") < shown.index("The app needs the config var")


# What it runs in


def test_it_has_the_code_and_the_environment_of_the_live_release(live: Site) -> None:
    answer = bytes_of(live, over_ssh(live, 'echo "$PUSHDEPLOY_RELEASE $(cat VERSION) $(id -un)"'))
    python = live.cli("run python -c 'import gunicorn, app; print(app.VERSION)'")

    assert answer.stdout.decode() == f"{live.current} 1 pd-{live.name}\n"
    assert python.stdout == "1\n"


def test_it_is_in_the_sandbox_of_the_app(live: Site) -> None:
    answer = live.cli("run -- 'touch here; cat /etc/pushdeploy/keys/authorized_keys'", check=False)

    assert answer.returncode != 0
    assert "Read-only file system" in answer.stderr
    assert "ssh-ed25519" not in answer.stdout


def test_before_the_first_push_it_is_refused(site: Site) -> None:
    site.laptop.ssh(f"apps:create {site.name}", check=True)

    assert_cli_refused(site.cli("run true", check=False), 4, "git push production main")


# The other jobs


def test_a_release_command_that_a_signal_ends_has_failed(site: Site) -> None:
    site.deploy("tiny")
    site.change({"Procfile": "web: gunicorn app:app\nrelease: echo '%n ${X} $$' && kill $$\n"})

    push = site.push()

    assert_refused(push, "v1 is still live.", "failed with status 143")
    assert site.current == "v1"
