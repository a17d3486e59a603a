"""A server's documented folders on another server, where the same numbers are somebody else's."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host import checkout
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, engines, eventually

# As docs/how-to/move-to-another-server.md names them, and all others of docs/reference/files.md.
MOVED = ("etc/pushdeploy", "var/lib/pushdeploy", "var/log/pushdeploy", "etc/nginx/pushdeploy")
OTHERS = (
    *("opt/pushdeploy", "usr/local/bin/pushdeploy", "etc/nginx/conf.d"),
    "etc/ssh/sshd_config.d/60-pushdeploy.conf",
)
INSTALL_SECONDS = 300.0


@pytest.fixture
def served(host: Host, site: Site) -> Site:
    """The app on the old server, with a file in storage."""
    site.deploy("worker-jobs")
    eventually(lambda: engines(host), [])
    return site


@pytest.fixture
def second_host(suite: str, hosts_can_boot: None) -> Iterator[Host]:
    """A server with this checkout and nothing of ours."""
    with Host.boot(suite, "second") as host:
        checkout.copy_to(host)
        yield host


def move(old: Host, new: Host, paths: tuple[str, ...], *options: str) -> None:
    """Pack and unpack, without a file between."""
    packing = old.argv("tar", "--create", "--directory=/", "--warning=no-file-ignored", *paths)
    with subprocess.Popen(packing, stdout=subprocess.PIPE) as packed:
        unpacking = new.argv("tar", "--extract", "--directory=/", *options)
        subprocess.run(unpacking, stdin=packed.stdout, check=True)


def take_numbers(old: Host, new: Host, *names: str) -> dict[str, str]:
    """Strangers who have the numbers there; returns them by name."""
    strangers = {}
    for name in names:
        number = old.run("id", "-u", name).stdout.strip()
        if new.run("getent", "passwd", number, check=False).stdout == "":
            stranger = f"stranger-{number}"
            new.run("useradd", "--system", f"--uid={number}", stranger)
            strangers[stranger] = new.run("getent", "passwd", stranger).stdout
    return strangers


def assert_lives(site: Site, new: Host, laptop: Laptop, strangers: dict[str, str]) -> None:
    """The app answers, takes a push, and nothing of it is a stranger's."""
    moved = Site(new, laptop, site.app)
    eventually(lambda: moved.get("/").status, 200)
    for stranger, line in strangers.items():
        assert new.run("getent", "passwd", stranger).stdout == line
        owned = ("find", "/var/lib/pushdeploy", "/etc/pushdeploy", "-user", stranger)
        assert new.run(*owned).stdout == ""
    laptop.git(site.app, "commit", "--quiet", "--allow-empty", "--message=There")
    push = laptop.push(site.app)
    assert push.exit_status == 0, push.output
    assert moved.get("/").status == 200
    eventually(lambda: engines(new), [])
    assert new.run("pushdeploy", "reconcile", "--deep").stdout == ""


def test_files_that_were_there_before_the_installer_come_alive(
    served: Site, second_host: Host, installed: Installed, tmp_path: Path
) -> None:
    new = second_host
    names = ("deploy", "pd-front", f"pd-{served.name}", f"pb-{served.name}")
    strangers = take_numbers(served.host, new, *names)
    move(served.host, new, (*MOVED, *OTHERS), "--numeric-owner")

    said = new.run("env", "--chdir=/srv/src", "./installer.sh", timeout=INSTALL_SECONDS).stderr

    assert f"set the owner of {served.root}/repo.git and " in said
    assert "=====> Ready" in said
    assert_lives(served, new, Laptop(new, tmp_path / "new", installed.key), strangers)


def test_files_that_came_after_the_installer_come_alive(
    served: Site, fresh_host: Host, installed: Installed, tmp_path: Path
) -> None:
    new = fresh_host
    strangers = take_numbers(served.host, new, f"pd-{served.name}", f"pb-{served.name}")
    move(served.host, new, MOVED)

    said = new.run("pushdeploy", "reconcile").stdout

    assert f"{served.name}: made the user pd-{served.name}" in said
    assert f"{served.name}: set the owner of {served.root}/shared and " in said
    assert_lives(served, new, Laptop(new, tmp_path / "new", installed.key), strangers)
