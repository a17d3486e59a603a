"""The story in short, on each server that pushdeploy is for: from nothing to HTTPS and back.

The tests tell it in their order, on one server of each suite.
"""

from collections.abc import Iterator

import pytest

from tests.host import checkout, from_nothing, image, pebble, processes
from tests.host.checkout import run_installer as install
from tests.host.from_nothing import NAME, WHOLE
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.pebble import Pebble
from tests.host.proxy import curl, know_names
from tests.host.story import (
    Site,
    assert_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)


@pytest.fixture(scope="module", params=image.SUITES)
def server(request: pytest.FixtureRequest, hosts_can_boot: None) -> Iterator[Host]:
    """A server with this checkout at /srv/src; nothing is installed from it yet."""
    with Host.boot(request.param, "story") as host:
        checkout.copy_to(host)
        know_names(host)
        yield host


@pytest.fixture(scope="module")
def blog(server: Host, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The app on a laptop, whose public key lies on the server."""
    return from_nothing.site(server, tmp_path_factory.mktemp("laptop") / "home")


@pytest.fixture(scope="module")
def acme(server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An ACME server."""
    with pebble.running(server, tmp_path_factory.mktemp("pebble")) as running:
        yield running


def https(host: Host) -> str:
    """What a visitor sees."""
    return curl(host, f"https://{NAME}/")[1]


def test_one_command_and_one_push_bring_it_to_https(server: Host, blog: Site, acme: Pebble) -> None:
    done = install(server, *WHOLE)
    push = blog.deploy("tiny")

    assert "=====> Ready" in done.stderr
    assert f"https://{NAME}" in push.output
    assert https(server).startswith("v=1 release=v1 ")
    assert "Status: active" in server.run("ufw", "status").stdout
    assert server.state() == "running"


def test_a_push_that_fails_changes_nothing(blog: Site) -> None:
    before = snapshot(blog)
    blog.become("exits-at-once")

    push = blog.push()

    assert_refused(push, "v1 is still live.", "exits as soon as it starts")
    assert_unchanged(blog, before)


def test_a_second_version_switches_and_goes_back(server: Host, blog: Site) -> None:
    blog.become("tiny")
    blog.deploy_version(2)
    second = https(server)

    back = blog.cli("rollback")

    assert second.startswith("v=2 ")
    assert "is live again" in back.stderr
    assert https(server).startswith("v=1 release=v1 ")


def test_a_config_var_reaches_the_app(blog: Site) -> None:
    blog.cli("config:set GREETING='hello $HOME'")

    assert blog.environment()["GREETING"] == "hello $HOME"


def test_it_comes_back_after_a_reboot(server: Host, blog: Site) -> None:
    release = blog.current

    server.reboot()

    eventually(lambda: https(server).startswith(f"v=1 release={release} "), wanted=True)
    assert_serving(blog, version=1, release=release)
    assert server.state() == "running"


def test_a_second_run_of_the_installer_has_nothing_to_do(server: Host, blog: Site) -> None:
    again = install(server, *WHOLE)

    assert "Ready, nothing to do" in again.stderr


def test_logins_go_on_when_it_is_uninstalled_and_new_ones_are_let_in(server: Host) -> None:
    laptop = Laptop(server, server.container.root.parent / "visitor")
    server.write("/root/.ssh/authorized_keys", laptop.public_key, mode="0600")
    argv = laptop.ssh_argv("-l", "root", command="echo in; read word; echo $word")
    login = processes.start(argv, env=laptop.environment)
    assert login.stdout is not None
    assert login.stdin is not None
    assert login.stdout.readline() == "in\n"

    install(server, "uninstall", "--purge", "--yes")

    login.stdin.write("still here\n")
    login.stdin.flush()
    assert login.stdout.readline() == "still here\n"
    processes.end(login)
    assert laptop.ssh("echo hello", user="root").stdout == "hello\n"
    assert not server.exists("/opt/pushdeploy")
    assert server.state() == "running"
