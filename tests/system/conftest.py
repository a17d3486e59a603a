"""Fixtures: a bare Debian server per suite, and one on which `installer.sh` has been run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import container, image
from tests.system.host import Host
from tests.system.laptop import Laptop

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE = "/srv/src"

TOOLS = ("systemd-nspawn", "mmdebstrap", "nsenter", "git", "ssh", "mount")

INSTALL_SECONDS = 300.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that a host is booted for."""
    for item in items:
        if "hosts_can_boot" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.system)


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


@pytest.fixture(scope="session", params=image.SUITES)
def bare_host(request: pytest.FixtureRequest, hosts_can_boot: None) -> Iterator[Host]:
    """A server of each suite with nothing of ours on it; shared by all tests that ask for it."""
    with Host.boot(request.param, "bare") as host:
        yield host


@pytest.fixture(scope="session")
def host(hosts_can_boot: None) -> Iterator[Host]:
    """A server with this checkout at /srv/src; `laptop` is what has run its installer."""
    suite = os.environ.get("PUSHDEPLOY_SUITE", image.SUITES[0])
    with Host.boot(suite, "host") as host:
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listing, cwd=CHECKOUT, check=True, capture_output=True, text=True)
        present = [name for name in names.stdout.split("\0") if name and (CHECKOUT / name).exists()]
        host.copy_in(CHECKOUT, SOURCE, only=present)
        yield host


@pytest.fixture(scope="session")
def laptop(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop whose key the installer of the host was given for the app `blog`."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop"))
    host.write("/root/laptop.pub", laptop.public_key)
    installer = f"{SOURCE}/installer.sh"
    host.run(installer, "--app", "blog", "--key", "/root/laptop.pub", timeout=INSTALL_SECONDS)
    return laptop
