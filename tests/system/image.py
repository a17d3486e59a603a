"""The disk of a fresh Debian server, with what the installer needs already on it."""

import re
import sys
from pathlib import Path

from tests.system import cache, processes

SUITES = ("bookworm", "trixie")

# The hosts have no network: whatever the installer would fetch from Debian must be here.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "passwd", "adduser"),
    *("openssh-server", "git", "nginx-light", "curl", "ca-certificates", "openssl"),
    *("python3", "python3-venv", "python3-pip"),
    *("procps", "iproute2", "iptables", "ufw", "logrotate"),
    *("certbot", "python3-certbot-nginx"),
)

BUILD_TIMEOUT_SECONDS = 900.0


def build(suite: str) -> Path:
    """The root folder of a Debian of this suite; must not be changed, only copied."""
    return cache.made(
        f"image-{suite}-{cache.key(suite, *PACKAGES)}", lambda target: _bootstrap(suite, target)
    )


def _bootstrap(suite: str, target: Path) -> None:
    sys.stderr.write(f"Making a Debian {suite} (about a minute, kept for the next time)\n")
    include = f"--include={','.join(PACKAGES)}"
    lines = sources(suite, repositories())
    processes.run(
        ["mmdebstrap", "--variant=minbase", include, suite, str(target), *lines],
        timeout=BUILD_TIMEOUT_SECONDS,
    )


def repositories() -> dict[str, str]:
    """Label to address of the Debian repositories that this machine itself uses."""
    listing = processes.run(
        ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"],
        check=False,
    )
    found = re.findall(r"^(Debian|Debian-Security) (\S+)$", listing.stdout, re.MULTILINE)
    return dict(found)


def sources(suite: str, repositories: dict[str, str]) -> list[str]:
    """The sources.list lines for a suite; none means mmdebstrap's own."""
    if "Debian" not in repositories:
        return []
    archive = repositories["Debian"]
    lines = [f"deb {archive} {suite} main", f"deb {archive} {suite}-updates main"]
    if "Debian-Security" in repositories:
        lines.append(f"deb {repositories['Debian-Security']} {suite}-security main")
    return lines
