"""Whether a machine can be booted here."""

import os
import shutil
from pathlib import Path

import pytest

from tests.host import processes
from tests.host.vm import kernel
from tests.tiers import SLOW

DISK_TOOLS = ("mke2fs", "e2fsck", "mount")
DEVICES = (Path("/dev/fuse"), Path("/dev/loop-control"))
TOOLS = ("qemu-system-x86_64", "mke2fs", "e2fsck", "unshare", "setpriv", "dpkg-deb", "apt-get")


def reason_to_skip() -> str | None:
    """Why no machine can be booted here, or None."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)} (tests/run --slow installs them)"
    listed = processes.run(["apt-cache", "show", kernel.PACKAGE], check=False)
    return None if listed.returncode == 0 else f"needs Debian's `{kernel.PACKAGE}`"


@pytest.fixture(scope="session")
def disks_can_forget(hosts_can_boot: None) -> None:
    """Skips with the reason where they cannot; where they must, that is a failure."""
    missing = [tool for tool in DISK_TOOLS if shutil.which(tool) is None]
    missing += [str(device) for device in DEVICES if not device.exists()]
    if missing and os.environ.get("PUSHDEPLOY_REQUIRE_SYSTEM"):
        pytest.fail(f"PUSHDEPLOY_REQUIRE_SYSTEM is set, but there is no {', '.join(missing)}")
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture(scope="session")
def machines_can_boot() -> None:
    """Skips with the reason where they cannot; where they must, that is a failure."""
    reason = reason_to_skip()
    if reason is None:
        return
    if SLOW and os.environ.get("PUSHDEPLOY_REQUIRE_SYSTEM"):
        pytest.fail(f"PUSHDEPLOY_REQUIRE_SYSTEM is set, but: {reason}")
    pytest.skip(reason)
