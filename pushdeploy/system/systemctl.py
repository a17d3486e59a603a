"""systemctl(1) and systemd-run(1): what is asked of systemd, by its own programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.system import command
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence


PROGRAM = "/usr/bin/systemctl"
"""For a unit that asks something of systemd itself."""


def systemctl(*words: str, check: bool = True, seconds: float = 90) -> command.Output:
    """Run systemctl.

    Raises:
        CommandFailedError: it failed, unless `check` is False.
    """
    line = Command(["systemctl", "--no-ask-password", *words])
    return command.run(line, seconds=seconds) if check else command.attempt(line, seconds=seconds)


def unit_state(unit: str, asked: str = "active") -> str:
    """The word of `systemctl is-active`, or of `is-enabled`, … for one unit."""
    return systemctl(f"is-{asked}", unit, check=False).stdout.strip()


def transient(options: Sequence[str], words: Sequence[str]) -> list[str]:
    """The line that starts a program in a unit of its own."""
    return ["systemd-run", "--quiet", *options, "--", *words]


def transient_until_end(options: Sequence[str], words: Sequence[str]) -> list[str]:
    """The same, which waits for its end and leaves no failed unit behind."""
    return transient(["--wait", "--collect", *options], words)


def unit_text(unit: str) -> str:
    """A unit's file with all of its drop-ins; empty when systemd has no such unit."""
    return systemctl("cat", "--", unit, check=False).stdout
