"""What each user of the server can read, list, write and connect to, against a closed list.

Root lists every path in the trees where ours lies; then each user tries each of them. Words that
are told to nobody are looked for in all that he can read, and in what programs tell him.
"""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, eventually
from tests.host.web import http_request

LOOK = Path(__file__).with_name("look.py")
PLACE = "/srv/look"

TREES = (
    *("/etc/pushdeploy", "/etc/nginx", "/etc/letsencrypt", "/etc/systemd/system"),
    *("/run", "/var/lib/pushdeploy", "/var/log", "/var/lib/nginx"),
    *("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/home", "/root"),  # noqa: S108 - looked at
)

VALUE = "indigo-lantern"
NAME = "HIDDEN_LANTERN_URL"
SUBJECT = "lantern-subject"
DOMAIN = "lantern.example"
VISITED = "lantern-visited"
COMMAND = "lantern-command"
STORED = "lantern-stored"
PROGRAM = "lantern-program"
PUBLIC = "lantern-public"
WORDS = (VALUE, NAME, SUBJECT, DOMAIN, VISITED, COMMAND, STORED, PROGRAM, PUBLIC)

# Of our own, what everybody may see: that an app is there, its units, what is on the web, and the
# Pythons that were fetched, which every app may run (there since a test that ran before, or not).
EVERYBODY = (
    r"(list|read) /var/lib/pushdeploy/pythons(/.*)?",
    r"list /var/lib/pushdeploy/(acme(/\.well-known.*)?|pages)",
    r"(list|read) /etc/systemd/system/user-\d+\.slice\.d(/50-pushdeploy\.conf)?",
    r"read /var/lib/pushdeploy/pages/down\.html",
    r"(list|read) /var/lib/pushdeploy/apps/[^/]+/slugs/\w+/static(/.*)?",
    r"(list|read) /etc/systemd/system(/[^/]+\.wants|/pushdeploy\.[^/]*)?",
    r"(list|read) /run/systemd/system(/pushdeploy-[^/]*)?",
    r"list /etc/nginx/(conf\.d|pushdeploy(/[^/]+)?)",
    r"read /run/systemd/transient/pushdeploy-[^/]+\.(timer|service)",
)
OURS = re.compile(r"\S+ (/etc/(pushdeploy|nginx/(conf\.d|pushdeploy)|systemd/system)|.*pushdeploy)")

# Sockets and rooms that Debian itself has for everybody.
OPEN_ROOMS = (
    *(r"write /tmp(/\.[A-Z]\S+-unix|/\.font-unix)?", "write /var/tmp", "write /dev/(shm|mqueue)"),
    "write /run/lock",
)
DEBIANS_SOCKETS = r"connect /run/(dbus/|systemd/|ssh-unix-local/|nscd/|user/).*"
NGINXS = (
    r"connect /run/pushdeploy/[^/]+/v\d+/web\.sock",
    r"write /var/(lib|log)/nginx/.*",
)
IN_AN_APP = (
    *("write /tmp", "write /var/tmp", "write /dev/(shm|mqueue)", "write /run/lock"),
    r"connect /run/systemd/journal/(dev-log|socket)",
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one user can do, and where he saw which word."""

    able: list[str]
    seen: dict[str, list[str]]

    def beyond(self, *allowed: str) -> list[str]:
        """What is ours, or can be written or connected to, and is not on the list."""
        told = [re.compile(one) for one in allowed]
        asked = [one for one in self.able if OURS.match(one) or one.split()[0] in CHANGES]
        return [one for one in asked if not any(each.fullmatch(one) for each in told)]

    @property
    def words(self) -> set[str]:
        """The words that were seen."""
        return {word for word, places in self.seen.items() if places}


CHANGES = ("write", "connect")


def assert_sees(looked: Looked, *allowed: str, words: Collection[str] = (PUBLIC,)) -> None:
    """Nothing but this is his, and he has seen no other words."""
    beyond = looked.beyond(*EVERYBODY, *allowed)
    assert beyond == [], "\n".join(beyond)
    told = {word: places for word, places in looked.seen.items() if word not in words}
    assert not any(told.values()), told


@dataclass(frozen=True, slots=True)
class Stage:
    """Two tenants: one who has something to hide, and one who looks."""

    hider: Site
    looker: Site
    host: Host

    def look_as(self, user: str, *groups: str) -> Looked:
        """What somebody sees on the server, without a sandbox."""
        groups_of = f"--groups={','.join(groups)}" if groups else "--init-groups"
        who = (f"--reuid={user}", f"--regid={user}", groups_of)
        answer = self.host.run("setpriv", *who, "python3", *LINE, timeout=300)
        return parse(answer.stdout)

    def look_inside(self) -> Looked:
        """What the other app sees."""
        return parse(self.looker.cli(f"run python {' '.join(LINE)}").stdout)


# For a push, which reads them without the engine, and for callers, who follow a deploy.
RECORDS = (
    r"(list|read) /var/log/pushdeploy(/.*)?",
    r"read /var/lib/pushdeploy/apps/[^/]+/(attempts\.jsonl|settings\.toml)",
    r"read /var/lib/pushdeploy/apps/[^/]+/releases/v\d+/release\.json",
    r"connect /run/pushdeploy/engine\.sock",
)
RECORDED = (PUBLIC, PROGRAM, SUBJECT, NAME, DOMAIN)

LINE = (f"{PLACE}/look.py", f"{PLACE}/paths", f"{PLACE}/words")


def parse(text: str) -> Looked:
    """The last line of what `look.py` prints."""
    return Looked(**json.loads(text.splitlines()[-1]))


@pytest.fixture(scope="module")
def stage(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Two live apps; every word that is told to nobody has been where it belongs."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    hider, looker = Site.new(host, laptop), Site.new(host, laptop)
    hider.become(
        "tiny",
        {
            "Procfile": f"web: M={PROGRAM} exec gunicorn app:app\nrelease: true {PROGRAM}\n",
            "static/public.txt": PUBLIC,
        },
    )
    hider.change({"VERSION": "1\n"}, SUBJECT)
    first = hider.push()
    assert first.exit_status == 0, first.output
    hider.cli(f"config:set {NAME}={VALUE}")
    hider.cli("storage:add media")
    hider.cli(f"run 'echo {STORED} >media/{STORED}'")
    hider.cli(f"domains:add {DOMAIN}")
    hider.cli("static:add /static static")
    visit = http_request(host, f"http://127.0.0.1/{VISITED}", headers={"Host": DOMAIN})
    assert visit.status == 404
    looker.deploy("tiny")
    host.run("journalctl", "--sync")
    host.write(f"{PLACE}/look.py", LOOK.read_text())
    host.write(f"{PLACE}/words", "\n".join(WORDS))
    with running(hider, f"true {COMMAND}; exec sleep 900"):
        list_paths(host)
        yield Stage(hider, looker, host)
    hider.destroy()
    looker.destroy()


@contextmanager
def running(site: Site, line: str) -> Iterator[None]:
    """A one-off command that goes on."""
    argv = site.laptop.ssh_argv(command=f"run --app {site.name} '{line}'")
    command = processes.start(argv, env=site.laptop.environment)
    try:
        eventually(lambda: any(" active" in unit for unit in jobs(site)), wanted=True)
        yield
    finally:
        processes.end(command)
        eventually(lambda: jobs(site), wanted=[])


def jobs(site: Site) -> list[str]:
    """Its one-off commands that run."""
    return [unit for unit in site.units() if unit.startswith("run.")]


def list_paths(host: Host) -> None:
    """Have root list every path, without following links or leaving for the venvs' packages."""
    trees = " ".join(TREES)
    skip = "-path '*/venvs/*/lib' -o -path /run/host -o -path '/run/credentials/*'"
    host.run("sh", "-c", f"find {trees} \\( {skip} \\) -prune -o -print0 >{PLACE}/paths 2>&-")


def test_root_finds_every_word(stage: Stage) -> None:
    """Else the others might see none because there is none."""
    assert stage.look_as("root").words == set(WORDS)


@pytest.mark.parametrize("user", ["games", "www-data"])
def test_a_user_of_the_server_sees_that_an_app_is_there_and_what_is_public(
    stage: Stage, user: str
) -> None:
    looked = stage.look_as(user)

    assert_sees(looked, *OPEN_ROOMS, DEBIANS_SOCKETS, *(NGINXS if user == "www-data" else ()))


def test_a_tenants_users_see_no_more_outside_their_sandbox(stage: Stage) -> None:
    for prefix in ("pd", "pb"):
        looked = stage.look_as(f"{prefix}-{stage.looker.name}")

        own = rf"\w+ /var/lib/pushdeploy/apps/{stage.looker.name}/.*"
        assert_sees(looked, *OPEN_ROOMS, DEBIANS_SOCKETS, own)


def test_an_app_sees_no_more_and_reaches_the_logs_socket_alone(stage: Stage) -> None:
    looked = stage.look_inside()

    own = rf"\w+ /var/lib/pushdeploy/apps/{stage.looker.name}/.*"
    assert_sees(looked, *IN_AN_APP, own)


def test_the_git_user_sees_what_is_pushed_and_what_came_of_it(stage: Stage) -> None:
    looked = stage.look_as("deploy")

    own = (
        r"\w+ /var/lib/pushdeploy/apps/[^/]+/(repo\.git|slugs)(/.*)?",
        r"\w+ /var/lib/pushdeploy/(first-pushes|sessions)(/.*)?",
        r"(list|read) /etc/pushdeploy/keys(/authorized_keys)?",
        r"write /run/user/\d+(/.*)?",
    )
    assert_sees(looked, *OPEN_ROOMS, DEBIANS_SOCKETS, *RECORDS, *own, words=(*RECORDED, COMMAND))


def test_a_member_of_the_group_reads_the_attempts_and_asks_the_engine_for_the_rest(
    stage: Stage,
) -> None:
    looked = stage.look_as("games", "pushdeploy")

    assert_sees(looked, *OPEN_ROOMS, DEBIANS_SOCKETS, *RECORDS, words=RECORDED)
