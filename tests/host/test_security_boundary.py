"""Who may do what: the four users, each trying what is not his."""

import json
import re
from collections.abc import Callable

import pytest

from tests.host.host import Host
from tests.host.processes import Result
from tests.host.story import Site, assert_cli_refused, assert_unchanged, snapshot

TOLD_TO_NOBODY = "indigo-lantern"
ABSENT = "No such file or directory"
ENGINE = "/run/pushdeploy/engine.sock"

# Tries each of its arguments, `verb:path`, and prints one JSON object of what came of it.
PROBE = """
import json, os, socket, sys
def connect(path): socket.socket(socket.AF_UNIX).connect(path)
def write(path): open(path, "a").close()
def read(path): open(path, "rb").read(1)
def make(path): os.close(os.open(path + "/probe", os.O_CREAT | os.O_WRONLY))
verbs = {"connect": connect, "write": write, "read": read, "list": os.listdir, "make": make}
found = {}
for word in TRIES:
    verb, _, path = word.partition(":")
    try:
        verbs[verb](path)
        found[word] = "done"
    except OSError as error:
        found[word] = error.strerror
"""

BUILD = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


def probe(words: list[str], then: str) -> str:
    """A Python program that tries the words, and then does something with `found`."""
    return f"TRIES = {words!r}\n{PROBE}{then}\n"


@pytest.fixture
def secretive(site: Site) -> Site:
    """The app `tiny` with a secret in its environment."""
    site.deploy("tiny")
    site.cli(f"config:set TOKEN={TOLD_TO_NOBODY}")
    return site


def assert_refused_all(found: dict[str, str], words: list[str]) -> None:
    """Everything was tried, on things that are there, and nothing succeeded."""
    assert list(found) == words
    assert {word: end for word, end in found.items() if end in ("done", ABSENT)} == {}


def pushdeploy_as(host: Host, user: str, groups: str, *words: str) -> Result:
    """A command on the server as somebody with these groups."""
    who = (f"--reuid={user}", f"--regid={user}", f"--groups={groups}")
    return host.run("setpriv", *who, "pushdeploy", *words, check=False)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        pytest.param("games", "only root and members of the group `pushdeploy`", id="the kernel"),
        # Holds the group without being listed in it, and so reaches the socket.
        pytest.param("pushdeploy", "`games` is not in the group `pushdeploy`", id="the engine"),
    ],
)
def test_a_user_outside_the_group_is_refused(secretive: Site, groups: str, reason: str) -> None:
    before = snapshot(secretive)
    about = ("--app", secretive.name)

    for command in (
        ("apps",),
        ("apps:create", "evil"),
        *((verb, *about) for verb in ("config", "ps", "rollback", "restart", "deploy")),
        ("reconcile",),
    ):
        answer = pushdeploy_as(secretive.host, "games", groups, *command)

        assert_cli_refused(answer, answer.returncode or 1, reason)
        assert TOLD_TO_NOBODY not in answer.stderr
    assert not secretive.host.exists("/var/lib/pushdeploy/apps/evil")
    assert_unchanged(secretive, before)


def test_the_git_user_reads_no_secret_and_writes_no_record(secretive: Site) -> None:
    root = secretive.root
    release = f"{root}/releases/{secretive.current}"
    words = [
        *(f"read:{root}/current/{name}" for name in ("environment", "start/web")),
        *(f"write:{root}/{name}" for name in ("settings.toml", "attempts.jsonl", "history.jsonl")),
        *(f"make:{place}" for place in (root, f"{root}/releases", f"{root}/venvs", release)),
        *(f"make:{place}" for place in (f"{root}/shared", f"{root}/home", "/run/systemd/system")),
        *("write:/etc/pushdeploy/settings.toml", "make:/etc/pushdeploy/keys"),
        *(
            "write:/etc/pushdeploy/keys/authorized_keys",
            "make:/opt/pushdeploy",
            "make:/opt/pushdeploy/current/bin",
        ),
    ]

    found = tried_as(secretive.host, "deploy", words)

    assert_refused_all(found, words)


def test_an_app_reaches_neither_the_engine_nor_other_apps(
    secretive: Site, new_site: Callable[[], Site]
) -> None:
    other = new_site()
    other.deploy("tiny")
    mine, theirs = other.root, secretive.root
    words = [
        f"connect:{ENGINE}",
        *(f"{verb}:{theirs}/current/environment" for verb in ("read", "write")),
        *(f"list:{theirs}/{folder}" for folder in ("slugs", "venvs", "shared", "home", "cache")),
        *(f"read:{theirs}/{path}" for path in ("current/code/app.py", "repo.git/HEAD")),
        *(f"make:{mine}/{place}" for place in ("current/code", "current/venv", "releases")),
        *(f"write:{mine}/current/{file}" for file in ("environment", "start/web", "code/app.py")),
        *("list:/etc/pushdeploy", "make:/run/systemd/system", "make:/etc", "make:/root"),
    ]
    program = probe(words, "print(json.dumps(found))")

    answer = other.host.run(
        *("pushdeploy", "run", "--app", other.name, "--", "python", "-c", program)
    )

    found = json.loads(answer.stdout.splitlines()[-1])
    assert_refused_all(found, words)


def test_a_package_that_is_built_reads_no_environment_and_no_other_app(
    secretive: Site, new_site: Callable[[], Site]
) -> None:
    other = new_site()
    other.deploy("tiny")
    mine, theirs = other.root, secretive.root
    venv = other.host.run("readlink", "-f", f"{mine}/current/venv").stdout.strip()
    words = [
        f"connect:{ENGINE}",
        *(f"read:{app}/current/environment" for app in (mine, theirs)),
        *(f"list:{app}/{folder}" for app in (mine, theirs) for folder in ("releases", "shared")),
        *(f"list:{theirs}/{folder}" for folder in ("slugs", "venvs", "cache", "home")),
        *(f"make:{mine}/{place}" for place in ("slugs", "venvs", "releases", "shared", "home")),
        *(f"make:{venv}", f"write:{venv}/bin/gunicorn", "make:/etc", "make:/run/systemd/system"),
    ]
    report = 'raise SystemExit("PROBE " + json.dumps(found) + " END")'
    before = snapshot(other)
    other.change(
        {
            "probe/setup.py": probe(words, report),
            "probe/pyproject.toml": BUILD,
            "requirements.txt": "gunicorn==27.0.1\n./probe\n",
        }
    )

    push = other.push()

    text = re.sub(r"\s*\nremote:\s*", " ", push.output)
    found = json.loads(text[text.index("PROBE {") + 6 : text.index("} END") + 1])
    assert push.exit_status == 1
    assert_refused_all(found, words)
    assert snapshot(other).answer == before.answer


def tried_as(host: Host, user: str, words: list[str]) -> dict[str, str]:
    """What comes of it when a user tries these."""
    answer = host.run("python3", "-c", probe(words, "print(json.dumps(found))"), user=user)
    found: dict[str, str] = json.loads(answer.stdout)
    return found
