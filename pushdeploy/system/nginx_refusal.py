"""Why nginx does not take a change, in words: whose file it is, or who holds its port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.system import processes
from pushdeploy.system.ports import held_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PORTS = (80, 443)
NAME = "nginx"
NAMES_HASH = "server_names_hash"

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
        return held_port() or UnavailableError(
            f"nginx rejected the change, and nothing changed: {text or error.message}",
            hint=error.hint or "nginx -t; journalctl -u nginx -n 20",
        )
    file, line = match["file"], match["line"]
    place = f" in `{file}`, line {line}" if file else ""
    whose = "" if file in (None, *map(str, ours)) else " That file is not ours."
    if NAMES_HASH in match["what"]:
        return UnavailableError(
            f"nginx refuses: {match['what']}. Nothing changed.",
            hint=f"grep -rn {NAMES_HASH} /etc/nginx; write 512, or leave it to us: delete the line",
        )
    return UnavailableError(
        f"nginx refuses{place}: {match['what']}.{whose} Nothing changed.",
        hint=f"sudo nano +{line} {file} && sudo nginx -t" if file else "sudo nginx -t",
    )


def held_port(ports: Sequence[int] = PORTS) -> UnavailableError | None:
    """Who holds a port of nginx's, as an error; `None` when nginx has them, or nobody.

    `nginx -t` finds no fault with a port that somebody else listens on; starting does.
    """
    for port in ports:
        holders = processes.port_holders(port)
        if holders and not any(one.name == NAME for one in holders):
            unit = processes.unit_of(holders[0].pid)
            stop = f"sudo systemctl disable --now {unit}" if unit else "stop it"
            return UnavailableError(
                f"nginx can't answer: port {port} is in use by {held_by(holders[0], port)}. "
                "Nothing changed.",
                hint=f"{stop}, then: sudo pushdeploy reconcile",
            )
    return None
