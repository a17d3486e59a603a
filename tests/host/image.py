"""The disk of a fresh server, with what the installer needs already on it.

Two are Debian. `ubuntu` is Debian testing dressed as Ubuntu 26.04, as near as Debian's packages
come: coreutils and sudo in Rust, sshd started by its socket, needrestart, and Ubuntu's
`os-release`. What it can't show is Ubuntu's kernel, with its AppArmor rules, and cloud images.
"""

import os
import re
import sys
from pathlib import Path

from tests.host import cache, processes

DISTRIBUTIONS = {"bookworm": "bookworm", "trixie": "trixie", "ubuntu": "testing"}
"""The Debian that each suite is made from."""

CHOSEN = os.environ.get("PUSHDEPLOY_SUITE")
"""By `tests/run --suite NAME`."""

SUITES = (CHOSEN,) if CHOSEN else tuple(DISTRIBUTIONS)
"""What is tried on each; the rest is tried on the first."""

# The hosts have no network: whatever the installer would fetch from Debian must be here.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "passwd", "adduser"),
    *("openssh-server", "git", "nginx-light", "curl", "ca-certificates", "openssl"),
    *("python3", "python3-venv", "python3-pip"),
    *("procps", "iproute2", "iptables", "ufw", "logrotate"),
    *("certbot", "python3-certbot-nginx"),
    "restic",
)

# What Ubuntu 26.04 has beside them, or instead.
UBUNTU_PACKAGES = ("sudo-rs", "rust-coreutils", "needrestart", "apparmor")

OS_RELEASE = """\
PRETTY_NAME="Ubuntu 26.04 LTS"
NAME="Ubuntu"
VERSION_ID="26.04"
VERSION="26.04 LTS (Resolute Raccoon)"
VERSION_CODENAME=resolute
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=resolute
"""

# As Ubuntu's release notes have it: all programs of uutils but these three.
DRESS = """\
set -e
cd "$1"
for program in usr/lib/cargo/bin/coreutils/*; do
  case "${program##*/}" in cp | mv | rm) continue ;; esac
  ln --symbolic --force "/$program" "usr/bin/${program##*/}"
done
ln --symbolic --force /usr/lib/cargo/bin/sudo usr/bin/sudo
rm --force etc/systemd/system/multi-user.target.wants/ssh.service
rm --force etc/systemd/system/sshd.service
mkdir --parents etc/systemd/system/sockets.target.wants etc/needrestart/conf.d
ln --symbolic --force /usr/lib/systemd/system/ssh.socket \
  etc/systemd/system/sockets.target.wants/ssh.socket
echo '$nrconf{restart} = "a";' >etc/needrestart/conf.d/50-ubuntu.conf
rm --force etc/os-release
cat >etc/os-release
"""

BUILD_TIMEOUT_SECONDS = 900.0


def build(suite: str) -> Path:
    """The root folder of a server of this suite; must not be changed, only copied."""
    made_from = (suite, *_packages(suite), *((DRESS, OS_RELEASE) if suite == "ubuntu" else ()))
    return cache.made(
        f"image-{suite}-{cache.key(*made_from)}", lambda target: _bootstrap(suite, target)
    )


def python(suite: str) -> str:
    """The Python of this suite: `3.13`."""
    link = build(suite) / "usr/bin/python3"
    return link.readlink().name.removeprefix("python")


def _packages(suite: str) -> tuple[str, ...]:
    return (*PACKAGES, *(UBUNTU_PACKAGES if suite == "ubuntu" else ()))


def _bootstrap(suite: str, target: Path) -> None:
    sys.stderr.write(f"Making a server of {suite} (about a minute, kept for the next time)\n")
    distribution = DISTRIBUTIONS[suite]
    include = f"--include={','.join(_packages(suite))}"
    # Testing's list of packages is at times older than it says that it may be.
    patience = "--aptopt=Acquire::Check-Valid-Until false"
    lines = sources(distribution, repositories())
    processes.run(
        ["mmdebstrap", "--variant=minbase", include, patience, distribution, str(target), *lines],
        timeout=BUILD_TIMEOUT_SECONDS,
    )
    if suite == "ubuntu":
        processes.run(["sh", "-c", DRESS, "sh", str(target)], stdin=OS_RELEASE)


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
