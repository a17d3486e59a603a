"""apt-get(8): installs system packages.

In a unit of its own: the engine's sandbox can't write to `/usr`, and dpkg may go on when the
engine is killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.system import command, dpkg
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import transient_until_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INSTALL_SECONDS = 1800.0

INSTALL = ("install", "--yes", "--no-install-recommends", "--no-remove")
"""Whatever is here stays: a package that conflicts with another is refused."""

SETTINGS = (
    "--setenv=DEBIAN_FRONTEND=noninteractive",
    "--setenv=NEEDRESTART_SUSPEND=1",  # it would restart services that this does not concern
)

LOCK = "DPkg::Lock::Timeout=600"
"""Seconds to wait for another apt."""

BY_NAME = "APT::Cmd::Pattern-Only=true"
"""A name that no package has is none: by itself apt-get(8) takes one with a dot for an expression,
and installs whatever that fits."""


def install(*packages: str) -> None:
    """Install packages; with a new list of what there is, when the one here is too old.

    Raises:
        UnavailableError: it failed; the message has its last line.
    """
    said = _apt(*INSTALL, "--", *packages)
    if said.status != 0:
        _apt("update")
        said = _apt(*INSTALL, "--", *packages)
    if said.status != 0:
        lines = (said.stderr or said.stdout).strip().splitlines()
        why = lines[-1] if lines else "no reason given"
        raise UnavailableError(
            f"apt-get could not install {', '.join(packages)}: {why}",
            hint=f"sudo apt-get update && sudo apt-get install {' '.join(packages)}",
        )


def has(package: str) -> bool:
    """True when apt knows a package of that name."""
    said = command.attempt(Command(["apt-cache", "show", "--no-all-versions", package]))
    return said.status == 0 and bool(said.stdout)


class ServerPackages:
    """The packages of a server."""

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that are not installed."""
        return dpkg.missing(names)

    def install(self, names: Sequence[str]) -> None:
        """Install them.

        Raises:
            UnavailableError: it failed, and why.
        """
        install(*names)


def _apt(*words: str) -> command.Output:
    line = ["apt-get", "--option", LOCK, "--option", BY_NAME, "--quiet", *words]
    return command.attempt(
        Command(transient_until_end(["--pipe", *SETTINGS], line)), seconds=INSTALL_SECONDS
    )
