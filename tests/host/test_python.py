"""Libraries and the Python of a server change: apps and the tool come back by themselves.

One server of Debian 12, on which apps are live as the C library is upgraded and Python 3.13 comes.
Each test goes on where the one before has ended.
"""

from collections.abc import Iterator

import pytest

from tests.host import debs
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_cli_refused, assert_serving, eventually
from tests.host.visitors import MIXED, visitors

LATER = ("install", "python3.13-venv", "python3-pip-whl", "needrestart")
UV = "/etc/uv/uv.toml"
OFFLINE = "no-index = true\n"
CURRENT = "/opt/pushdeploy/current"
LOST = "was built for Python 3.11: `/usr/bin/python3.11` is gone"

PYTHON_HALF = ("-I", "-m", "pushdeploy.install.main", "install")
"""What installer.sh calls when the tool is there."""

# So that a test sees only what it asked for.
QUIET = ("pushdeploy.reconcile.timer", "pushdeploy.watchdog.timer")


@pytest.fixture(scope="module")
def aged(installed: Installed) -> Iterator[Host]:
    """A server on which much is about to change."""
    if installed.suite != "bookworm":
        pytest.skip("Debian 12 is the one that is upgraded; PUSHDEPLOY_SUITE chose another")
    folders = {debs.fetched("bookworm", "trixie", *LATER): debs.ARCHIVE}
    with Host.boot(installed.suite, "python", installed.disk, folders) as host:
        yield host


@pytest.fixture(scope="module")
def sites(
    aged: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Site, Site]:
    """Two apps that are live since before; then apt brings what is new."""
    laptop = Laptop(aged, tmp_path_factory.mktemp("python") / "laptop", installed.key)
    one, two = Site.new(aged, laptop), Site.new(aged, laptop)
    for site in (one, two):
        site.deploy("tiny")
    debs.install(aged, "trixie", *LATER)
    return one, two


def answers(site: Site) -> bool:
    """True when somebody answers for the app."""
    try:
        return site.get().status == 200
    except OSError:
        return False


def python_of(site: Site) -> str:
    """The Python of the live release."""
    return str(site.ask("releases:info")["python"])


def tool_python(host: Host) -> str:
    """That of the tool."""
    return host.run(f"{CURRENT}/venv/bin/python", "--version").stdout.split()[-1]


def version(host: Host) -> str:
    """The version of the tool that is used."""
    return host.run("readlink", CURRENT).stdout.strip()


def test_every_venv_names_its_minor_version(aged: Host, sites: tuple[Site, Site]) -> None:
    named = aged.run("sh", "-c", "readlink /var/lib/pushdeploy/apps/*/venvs/*/bin/python").stdout

    assert set(named.split()) == {"/usr/bin/python3.11"}
    assert aged.run("readlink", f"{CURRENT}/venv/bin/python3.11").stdout == "/usr/bin/python3.11\n"


def test_needrestart_has_an_app_restarted_beside_what_serves(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    site, process = sites[0], sites[0].main_pid()

    with visitors(aged, f"{site.url}/", *MIXED) as visit:
        said = aged.run("needrestart", "-r", "a", "-l")

    for one in sites:
        assert f"pushdeploy restart --app {one.name}" in said.stdout
        assert one.current == "v2"
    assert visit.errors == []
    assert visit.releases == ["v1", "v2"]
    left = f"{site.unit}v1.web.service"
    state = aged.run("systemctl", "show", "--value", "-pMainPID", left).stdout.strip()
    assert state == process, "v1 was restarted in place"
    again = aged.run("needrestart", "-r", "a", "-l")
    assert "pushdeploy restart" not in again.stdout
    assert (site.current, site.main_pid() != process) == ("v2", True)


def test_a_python3_that_is_another_one_takes_nothing_down(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    aged.run("ln", "--symbolic", "--force", "python3.13", "/usr/bin/python3")
    aged.reboot()
    aged.run("systemctl", "stop", *QUIET)

    for site in sites:
        eventually(lambda site=site: answers(site), wanted=True)  # type: ignore[misc]
        assert python_of(site) == "3.11.2"
    listed = aged.run("pushdeploy", "rebuild", "--check")
    assert listed.stdout.count("fits; the server's own is 3.13") == 2


def test_what_can_not_be_built_again_runs_on_and_says_so(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    before, settings, live = sites[0].main_pid(), aged.read(UV), sites[0].current
    aged.run("rm", "/usr/bin/python3.11")
    aged.write(UV, OFFLINE)

    said = sites[0].cli("config:set COLOUR=red", check=False)
    listed = aged.run("pushdeploy", "rebuild", "--check", check=False)
    ran = sites[0].cli("run true", check=False)
    shown = sites[0].ask("ps")["misfit"]

    aged.write(UV, settings)
    assert_cli_refused(ran, 69, "was built for Python 3.11", f" rebuild --app {sites[0].name}")
    assert LOST in shown
    assert (said.returncode, listed.returncode) == (7, 69)
    assert f"{live} is still live" in said.stderr
    assert f" rebuild --app {sites[0].name}" in said.stderr
    assert LOST in listed.stdout
    assert (sites[0].main_pid(), sites[0].current) == (before, live)
    assert_serving(sites[0], version=1)
    assert "COLOUR" not in sites[0].ask("config")


def test_the_tool_was_made_again_for_the_python_of_now(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    """By the first command after its own was gone, that of the test before."""
    assert tool_python(aged).startswith("3.13.")


def test_a_boot_repairs_the_tool_and_builds_the_apps_again(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    before, live = version(aged), [site.current for site in sites]
    aged.run("sh", "-c", f"rm {CURRENT}/venv/bin/python*")

    aged.reboot()
    aged.run("systemctl", "stop", *QUIET)

    for site in sites:
        eventually(lambda site=site: answers(site), wanted=True)  # type: ignore[misc]
        assert_serving(site, version=1)
        assert python_of(site).startswith("3.13.")
    assert version(aged) != before
    assert all(site.current not in live for site in sites)
    assert aged.run("systemctl", "is-active", "pushdeploy.boot.service").stdout == "active\n"
    told = aged.run("pushdeploy", "reconcile").stderr
    assert told.endswith("Everything is as it should be.\n")


def test_a_push_repairs_the_tool_on_its_way(aged: Host, sites: tuple[Site, Site]) -> None:
    before = version(aged)
    aged.run("sh", "-c", f"rm {CURRENT}/venv/bin/python*")

    sites[0].deploy_version(2)

    assert_serving(sites[0], version=2)
    assert version(aged) != before


def test_a_rollback_to_what_has_lost_its_python_builds_it_again(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    said = sites[0].cli("rollback v1")

    assert "v1 was built for Python 3.11" in said.stderr
    assert sites[0].current != "v1"
    assert_serving(sites[0], version=1)
    assert python_of(sites[0]).startswith("3.13.")


def test_a_tool_that_can_not_be_repaired_says_which_command_does(
    aged: Host, sites: tuple[Site, Site]
) -> None:
    settings = aged.read(UV)
    aged.run("systemctl", "reset-failed", "pushdeploy.repair.service", check=False)
    aged.run("sh", "-c", f"rm {CURRENT}/venv/bin/python*; mv {CURRENT}/wheels /root/wheels")
    aged.run("mkdir", f"{CURRENT}/wheels")
    aged.write(UV, OFFLINE)

    by_root = aged.run("pushdeploy", "ps", "--app", sites[0].name, check=False)
    by_key = sites[0].cli("ps", check=False)
    push = sites[0].push()
    by_hand = aged.run(f"{CURRENT}/repair", check=False)

    for said in (by_root, by_key):
        assert_cli_refused(said, 69, "pushdeploy's own Python is gone", f"sudo {CURRENT}/repair")
    assert push.exit_status != 0
    assert "pushdeploy's own Python is gone" in push.output
    assert "Traceback" not in push.output + by_root.stderr + by_key.stderr + by_hand.stderr
    assert by_hand.returncode == 69
    assert "could not be fetched" in by_hand.stderr
    assert_serving(sites[0], version=1)

    aged.write(UV, settings)
    aged.run("sh", "-c", f"rmdir {CURRENT}/wheels; mv /root/wheels {CURRENT}/wheels")
    assert aged.run(f"{CURRENT}/repair").returncode == 0
    assert sites[0].cli("ps").returncode == 0


def test_the_installer_names_what_it_can_not_start(aged: Host, sites: tuple[Site, Site]) -> None:
    record = f"{sites[1].root}/current/release.json"
    aged.run("sed", "-i", "s/python3.13/python3.12/; s/3.13.5/3.12.1/", record)

    settings = aged.read(UV)
    aged.write(UV, OFFLINE)  # else the timer, which the installer starts, would be as fast

    tool = f"/opt/pushdeploy/{version(aged)}"
    said = aged.run(f"{tool}/venv/bin/python", *PYTHON_HALF, "--tool", tool, timeout=300)

    aged.write(UV, settings)
    assert f"{sites[1].name}: {sites[1].current} was built for Python 3.12" in said.stderr
    assert f"pushdeploy rebuild --app {sites[1].name}" in said.stderr
    assert sites[1].cli("rebuild").returncode == 0
    assert_serving(sites[1], version=1)
