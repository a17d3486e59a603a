"""Debian packages for a host without a network: fetched once, kept, and installed there by apt."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.host import cache, image, processes
from tests.host.host import Host

ARCHIVE = "/srv/debs"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

DOWNLOAD_SECONDS = 1800.0
INSTALL_SECONDS = 1800.0

UPGRADE = ("dist-upgrade",)
"""apt-get's verb for everything; else `install` and names of packages."""


def fetched(suite: str, to_suite: str, *verb: str) -> Path:
    """A folder with what apt needs to do this to a host's fresh disk, without a network.

    Args:
        suite: of the host.
        to_suite: whose packages are taken; both are known to apt then.
        verb: of apt-get, with its words.
    """
    status = image.build(suite) / "var/lib/dpkg/status"
    key = cache.key(status.read_text(), to_suite, *verb)
    return cache.made(
        f"debs-{suite}-{to_suite}-{key}", lambda target: _fetch(suite, to_suite, verb, target)
    )


def _fetch(suite: str, to_suite: str, verb: Sequence[str], target: Path) -> None:
    sys.stderr.write(f"Fetching Debian packages: {' '.join(verb)} (kept for the next time)\n")
    for folder in ("lists/partial", "archives/partial", "etc"):
        (target / folder).mkdir(parents=True)
    repositories = image.repositories()
    names = {image.DISTRIBUTIONS.get(one, one) for one in (suite, to_suite)}
    lines = [line for one in names for line in image.sources(one, repositories)]
    signed = [line.replace("deb ", f"deb [signed-by={KEYRING}] ", 1) for line in lines]
    (target / "etc/sources.list").write_text("\n".join([*signed, ""]))
    options = _options(target, image.build(suite), image.DISTRIBUTIONS.get(to_suite, to_suite))
    processes.run(["apt-get", *options, "update"], timeout=DOWNLOAD_SECONDS)
    words = [*options, "--yes", "--download-only", "--no-install-recommends", *verb]
    processes.run(["apt-get", *words], timeout=DOWNLOAD_SECONDS)


def _options(target: Path, root: Path, release: str) -> list[str]:
    """Apt's own folders, but for what it knows of how to reach the archive."""
    settings = {
        "Dir::State::lists": target / "lists",
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::State::extended_states": root / "var/lib/apt/extended_states",
        "Dir::Cache::archives": target / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::sourcelist": target / "etc/sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Default-Release": release,
        "APT::Sandbox::User": "root",
        "Acquire::Check-Valid-Until": "false",
        "Debug::NoLocking": "true",
    }
    return [f"--option={name}={value}" for name, value in settings.items()]


def install(host: Host, to_suite: str, *verb: str) -> processes.Result:
    """Have the host's own apt do it, from what was bound to `ARCHIVE`."""
    settings = {
        "Dir::State::lists": f"{ARCHIVE}/lists",
        "Dir::Etc::sourcelist": f"{ARCHIVE}/etc/sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Cache::archives": "/var/cache/apt/archives",
        "APT::Default-Release": to_suite,
        "Acquire::Check-Valid-Until": "false",
        "Dpkg::Options::": "--force-confold",
        "DPkg::Options::": "--force-unsafe-io",
    }
    host.run("sh", "-c", f"ln -sf {ARCHIVE}/archives/*.deb /var/cache/apt/archives/")
    options = [f"--option={name}={value}" for name, value in settings.items()]
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    line = ["apt-get", *options, "--yes", "--no-download", "--no-install-recommends", *verb]
    return host.run(*line, env=quiet, timeout=INSTALL_SECONDS)
