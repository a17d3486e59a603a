"""Fixtures: a bare Debian server per suite, and one on which `installer.sh` has been run.

A plugin of `tests/conftest.py`, so that every folder of tests shares the same servers.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.host import checkout, container, image
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop, make_key

if TYPE_CHECKING:
    from tests.host.story import Site

TOOLS = ("systemd-nspawn", "mmdebstrap", "nsenter", "git", "ssh", "mount")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that a host is booted for."""
    for item in items:
        if "hosts_can_boot" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.booted)


def reason_to_skip() -> str | None:
    """Why no host can be booted here, or None."""
    if os.environ.get("PUSHDEPLOY_SKIP_SYSTEM"):
        return "PUSHDEPLOY_SKIP_SYSTEM is set"
    if os.geteuid() != 0:
        return "needs root, to boot a Debian with systemd-nspawn"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(missing)} (tests/run installs them)" if missing else None


@pytest.fixture(scope="session")
def hosts_can_boot() -> None:
    """Skips with the reason where they cannot; where they must, that is a failure."""
    reason = reason_to_skip()
    if reason is None:
        container.sweep()
    elif os.environ.get("PUSHDEPLOY_REQUIRE_SYSTEM"):
        pytest.fail(f"PUSHDEPLOY_REQUIRE_SYSTEM is set, but: {reason}")
    else:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def suite() -> str:
    """What most is tried on; `tests/run --suite NAME` chooses another."""
    return image.SUITES[0]


@pytest.fixture(scope="session", params=image.SUITES)
def bare_host(request: pytest.FixtureRequest, hosts_can_boot: None) -> Iterator[Host]:
    """A server of each suite with nothing of ours on it; shared by all tests that ask for it."""
    with Host.boot(request.param, "bare") as host:
        yield host


@pytest.fixture
def source_host(suite: str, hosts_can_boot: None) -> Iterator[Host]:
    """A new server with this checkout at /srv/src and nothing installed from it, for one test."""
    with Host.boot(suite, "source") as host:
        checkout.copy_to(host)
        yield host


@pytest.fixture(scope="session")
def installed(
    suite: str, hosts_can_boot: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """What hosts with pushdeploy and the app `blog` are booted from; the installer runs once."""
    key = tmp_path_factory.mktemp("key") / "id_ed25519"
    make_key(key)
    with Host.boot(suite, "install") as host:
        checkout.install(host, "blog", key)
        yield Installed(suite, tuple(host.freeze()), key)


@pytest.fixture(scope="session")
def host(installed: Installed) -> Iterator[Host]:
    """A server with pushdeploy, shared by all tests that ask for it; they clean up."""
    with Host.boot(installed.suite, "host", installed.disk) as host:
        yield host


@pytest.fixture
def laptop(host: Host, installed: Installed, tmp_path: Path) -> Laptop:
    """A laptop that may push to `blog` on the shared server."""
    return Laptop(host, tmp_path / "laptop", installed.key)


@pytest.fixture
def fresh_host(installed: Installed) -> Iterator[Host]:
    """A server with pushdeploy for one test, which may break it."""
    with Host.boot(installed.suite, "fresh", installed.disk) as host:
        yield host


@pytest.fixture
def fresh_laptop(fresh_host: Host, installed: Installed, tmp_path: Path) -> Laptop:
    """A laptop that may push to `blog` on the server of this one test."""
    return Laptop(fresh_host, tmp_path / "fresh-laptop", installed.key)


@pytest.fixture
def new_site(host: Host, laptop: Laptop) -> Iterator[Callable[[], "Site"]]:
    """Makes apps on the shared server, which are destroyed after the test."""
    from tests.host import story  # noqa: PLC0415 - its assertions are rewritten by then

    yield from story.sites(host, laptop)


@pytest.fixture
def site(new_site: Callable[[], "Site"]) -> "Site":
    """An app of this test's own on the shared server; nothing is pushed yet."""
    return new_site()


@pytest.fixture(scope="module")
def once_deployed(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], "Site"]]:
    """Gives the file's `standing` app."""
    from tests.host.standing import standing  # noqa: PLC0415 - as above

    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    yield from standing(host, laptop)


@pytest.fixture
def standing(once_deployed: Callable[[], "Site"]) -> "Site":
    """The app `tiny`, live as v1, for tests that look at it, or try to change it and may not.

    Deployed once for a file; the laptop's repo is as it was then. A test that changed the app all
    the same leaves another one to the next.
    """
    return once_deployed()


@pytest.fixture(scope="module")
def gated(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Site"]:
    """The app `gated`, live on the shared server; each test of a file pushes further versions."""
    from tests.host.story import Site  # noqa: PLC0415 - as above

    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy("gated")
    yield site
    site.destroy()
