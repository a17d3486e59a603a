"""Why nginx does not take a change, in words: whose file it is, or who holds its port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.system import processes
from pushdeploy.system.ports import held_by

if TYPE_CHECKING:
    from pathlib import Path

PORTS = (80, 443)
NAME = "nginx"

_EMERGENCY = re.compile(
    r"\[emerg\] (?:\d+#\d+: )?(?P<what>.*?)(?: in (?P<file>/\S+):(?P<line>\d+))?$", re.MULTILINE
)


def refusal(error: CommandFailedError | UnavailableError, ours: set[Path]) -> UnavailableError:
    """The error to raise, after everything was put back.

    Args:
        error: of `nginx -t`, or of systemctl.
        ours: the files that we wrote.
    """
    text = error.output if isinstance(error, CommandFailedError) else error.message
    match = _EMERGENCY.search(text)
    if match is None:
        return _held_port() or UnavailableError(
            f"nginx refuses the change, and everything is as it was: {text or error.message}",
            hint="nginx -t; journalctl -u nginx -n 20",
        )
    file, line = match["file"], match["line"]
    place = f" in `{file}`, line {line}" if file else ""
    whose = "" if file in (None, *map(str, ours)) else " That file is not ours."
    return UnavailableError(
        f"nginx refuses{place}: {match['what']}.{whose} Everything is as it was.",
        hint=f"sudo nano +{line} {file} && sudo nginx -t" if file else "sudo nginx -t",
    )


def _held_port() -> UnavailableError | None:
    """`nginx -t` finds no fault with a port that somebody else listens on; starting does."""
    for port in PORTS:
        holder = processes.port_holder(port)
        if holder is not None and holder.name != NAME:
            return UnavailableError(
                f"nginx can't answer: port {port} is held by {held_by(holder, port)}. "
                "Everything is as it was.",
                hint="stop it and keep it from starting again, then: pushdeploy reconcile",
            )
    return None
