"""A server is upgraded from one Debian to the next by apt, with an app that serves all the time."""

from collections.abc import Iterator

import pytest

from tests.host import debs
from tests.host.checkout import SOURCE, Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import BLOG, Site, eventually
from tests.tiers import slow

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


@pytest.fixture(scope="module")
def aging(installed: Installed) -> Iterator[Host]:
    """A Debian 12 that has all packages of Debian 13 within reach."""
    if installed.suite != "bookworm":
        pytest.skip("Debian 12 is the one that is upgraded; PUSHDEPLOY_SUITE chose another")
    folders = {debs.fetched("bookworm", "trixie", *debs.UPGRADE): debs.ARCHIVE}
    with Host.boot(installed.suite, "upgrade", installed.disk, folders) as host:
        yield host


@pytest.fixture(scope="module")
def blog(aging: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The example, with its worker and its database."""
    laptop = Laptop(aging, tmp_path_factory.mktemp("upgrade") / "laptop", installed.key)
    site = Site.new(aging, laptop, "blog")
    site.deploy(BLOG)
    return site


def answer(site: Site) -> int:
    """What the app's health check says; 0 for nothing."""
    try:
        return site.get("/healthz").status
    except OSError:
        return 0


def python(site: Site) -> str:
    """That of the live release."""
    return str(site.ask("releases:info")["python"])


@slow
def test_an_upgrade_leaves_the_app_serving_on_the_python_it_had(aging: Host, blog: Site) -> None:
    before = blog.main_pid()

    debs.install(aging, "trixie", *debs.UPGRADE)

    assert aging.read("/etc/debian_version").startswith("13")
    assert aging.run("python3", "--version").stdout.startswith("Python 3.13")
    assert (answer(blog), blog.main_pid(), python(blog)) == (200, before, "3.11.2")
    assert "fits; the server's own is 3.13" in aging.run("pushdeploy", "rebuild", "--check").stdout


@slow
def test_without_the_old_python_and_after_a_reboot_it_serves_again(aging: Host, blog: Site) -> None:
    aging.run("apt-get", "--yes", "autoremove", "--purge", env=QUIET, timeout=600.0)
    gone = not aging.exists("/usr/bin/python3.11")
    still = answer(blog)

    aging.reboot()

    eventually(lambda: answer(blog), 200, 120.0)
    assert (gone, still) == (True, 200)
    assert python(blog).startswith("3.13.")
    workers = [one for one in blog.ask("ps")["instances"] if one["instance"] == "worker.1"]
    assert [one["state"] for one in workers] == ["up"]
    failed = aging.run(
        "systemctl", "list-units", "--failed", "--plain", "--no-legend", "pushdeploy*"
    )
    assert failed.stdout == ""


@slow
def test_the_next_push_rollback_and_installer_go_through(aging: Host, blog: Site) -> None:
    blog.change({"NOTE": "after the upgrade\n"})
    push = blog.push()
    assert push.exit_status == 0, push.output
    assert "Using Python 3.13" in push.output

    back = blog.cli("rollback")
    installer = aging.run("env", f"--chdir={SOURCE}", "./installer.sh", timeout=300.0)

    assert back.returncode == 0
    assert "Ready" in installer.stderr
    assert answer(blog) == 200
    told = aging.run("pushdeploy", "reconcile").stderr
    assert told.endswith("Everything is as it should be.\n")
