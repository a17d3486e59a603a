"""Users of ours: nobody logs in as one, a stranger's is never taken, and none leaves anything."""

from collections.abc import Callable

import pytest

from tests.host.host import Host
from tests.host.processes import Result
from tests.host.story import (
    Site,
    assert_cli_refused,
    assert_serving,
    eventually,
)

BUILD = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""

# Lets a key in wherever sshd might look: in the HOME of the process, and in that of the user.
LET_IN = """\
import os, pwd
for home in {{os.environ["HOME"], pwd.getpwuid(os.getuid()).pw_dir}}:
    try:
        os.makedirs(home + "/.ssh", mode=0o700, exist_ok=True)
        os.chmod(home, 0o700)
        with open(home + "/.ssh/authorized_keys", "w") as file:
            file.write({key!r})
        print("wrote", home)
    except OSError as error:
        print("not", home, error)
"""

DENIED = "Permission denied"
MARK = "pushdeploy"
CANARY = "/root/canary"


def passwd(host: Host, name: str) -> list[str]:
    """The user's line, in its fields; empty when there is none."""
    return host.run("getent", "passwd", name, check=False).stdout.strip().split(":")


def group(host: Host, name: str) -> str:
    """The group's line; empty when there is none."""
    return host.run("getent", "group", name, check=False).stdout.strip()


def create(site: Site, *, check: bool = True) -> Result:
    """`ssh deploy@server apps:create NAME`."""
    return site.laptop.ssh(f"apps:create {site.name}", check=check)


@pytest.fixture
def stranger(host: Host, site: Site) -> Callable[..., list[str]]:
    """Makes a user of the name that the app's own would have; it is deleted with the app."""

    def make(prefix: str, *options: str) -> list[str]:
        name = f"{prefix}-{site.name}"
        host.run("useradd", "--system", "--user-group", *options, name)
        return passwd(host, name)

    return make


def test_a_key_that_an_app_or_a_build_lets_in_opens_nothing(site: Site) -> None:
    program = LET_IN.format(key=site.laptop.public_key)
    site.deploy("tiny")

    ran = site.host.run("pushdeploy", "run", "--app", site.name, "--", "python", "-c", program)
    site.change(
        {
            "probe/setup.py": f"{program}\nraise SystemExit('the build fails')\n",
            "probe/pyproject.toml": BUILD,
            "requirements.txt": "gunicorn==27.0.1\n./probe\n",
        }
    )
    push = site.push()

    assert push.exit_status == 1
    assert f"wrote {site.root}/home" in ran.stdout
    for kind in ("pd", "pb"):
        answer = site.laptop.ssh("true", user=f"{kind}-{site.name}")
        assert (answer.returncode, DENIED in answer.stderr) == (255, True), answer
        user = passwd(site.host, f"{kind}-{site.name}")
        assert user[5:] == ["/nonexistent", "/usr/sbin/nologin"]
        shadow = site.host.run("getent", "shadow", user[0]).stdout.split(":")
        assert shadow[1].startswith("!")
    assert not site.host.exists("/nonexistent")


@pytest.mark.parametrize("prefix", ["pd", "pb"])
def test_a_strangers_user_is_neither_taken_nor_deleted(
    site: Site, stranger: Callable[..., list[str]], prefix: str
) -> None:
    before = stranger(prefix, f"--comment={MARK}", "--home-dir=/nonexistent")
    name = before[0]
    site.become("tiny")

    made = create(site, check=False)
    push = site.push()

    reason = f"there is a user `{name}` that pushdeploy did not create"
    assert_cli_refused(made, 69, reason, f"usermod --login NEW-NAME {name}")
    assert push.exit_status != 0
    assert reason in push.output
    assert not site.host.exists(site.root)
    assert group(site.host, f"{'pb' if prefix == 'pd' else 'pd'}-{site.name}") == ""
    assert passwd(site.host, name) == before
    site.host.run("userdel", name)


def test_a_strangers_group_is_not_taken(site: Site) -> None:
    name = f"pd-{site.name}"
    site.host.run("groupadd", name)

    made = create(site, check=False)

    assert_cli_refused(made, 69, f"there is a group `{name}`", "groupmod --new-name")
    assert not site.host.exists(site.root)
    assert group(site.host, name) != ""
    site.host.run("groupdel", name)


def test_a_user_that_took_the_place_of_ours_outlives_the_app(
    site: Site, stranger: Callable[..., list[str]]
) -> None:
    create(site)
    site.host.run("userdel", f"pd-{site.name}")
    before = stranger("pd", "--uid=1777")

    said = site.host.run("pushdeploy", "reconcile", check=False)
    site.cli(f"apps:destroy --confirm {site.name}")

    assert said.returncode == 69
    assert f"{site.name}: failed: there is a user `pd-{site.name}`" in said.stdout
    assert passwd(site.host, f"pd-{site.name}") == before
    assert passwd(site.host, f"pb-{site.name}") == [""]
    site.host.run("userdel", f"pd-{site.name}")


def test_nothing_of_a_destroyed_app_lies_about_for_the_next_user(
    site: Site, new_site: Callable[[], Site]
) -> None:
    create(site)
    name = f"pd-{site.name}"
    number = passwd(site.host, name)[2]
    site.host.write(CANARY, "root's")
    rooms = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")  # noqa: S108
    for room in rooms:
        made = f"mkdir {room}/{name} && cd {room}/{name} && echo x > file && ln -s {CANARY} link"
        site.host.run("setpriv", f"--reuid={number}", "--clear-groups", "sh", "-c", made)
    site.host.write(f"/var/lib/systemd/linger/{name}", "")

    site.cli(f"apps:destroy --confirm {site.name}")
    other = new_site()
    create(other)

    left = site.host.run("find", *rooms, "/var/lib/systemd/linger", "-name", f"{name}*").stdout
    assert left == ""
    assert site.host.read(CANARY) == "root's"
    found = [passwd(site.host, f"{kind}-{other.name}")[2] for kind in ("pd", "pb")]
    assert number not in found


def test_users_of_an_older_version_get_homes_that_nobody_writes(site: Site) -> None:
    site.deploy("tiny")
    host, name = site.host, site.name
    pid = site.main_pid()
    hidden = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")
    for kind, folder in (("pd", "home"), ("pb", "cache")):
        host.run(*hidden, "usermod", f"--home={site.root}/{folder}", f"{kind}-{name}")
    host.run("sh", "-c", "rm /var/lib/pushdeploy/accounts/*.json")

    said = host.run("pushdeploy", "reconcile")

    assert f"{name}: set home and shell of the user pd-{name}" in said.stdout
    for kind in ("pd", "pb"):
        assert passwd(host, f"{kind}-{name}")[5] == "/nonexistent"
    assert site.main_pid() == pid
    assert_serving(site, version=1, release="v1")
    eventually(lambda: host.run("pushdeploy", "reconcile").stdout, "")
