"""Which ports are ours to hand out."""

from __future__ import annotations

import re

FRONTS = range(8_000, 9_000)
"""Fronts get the first free port of these."""

LOOPBACK = "127.0.0.1"

BRIDGED = range(29_000, 30_000)
"""Loopback ports for web processes that can't take a socket; below the kernel's own range. No app
may listen on one that it was not given: its units deny it where systemd can (version 252 can't),
and elsewhere the owner of the port is looked at before anything is sent there."""

MOST_LISTENERS = 200
"""TCP ports on which all processes of one app may listen together; far more than any needs, and
so few that one app alone can't take what the others get theirs from."""


def as_range(ports: range) -> str:
    """`29000-29999`, as systemd writes it."""
    return f"{ports.start}-{ports.stop - 1}"


MOST_USED = 14_000
"""Ports of TCP and UDP that one app may use together, outgoing ones too: half of those that the
kernel has for connections out, so that there are some left to ask a name server with."""


def on_port(command: str, address: str, port: int | None) -> str:
    """The line of the Procfile that listens on `$PORT` instead.

    Args:
        command: the web line, such as `python app.py --port 5000`.
        address: where it listens now, or empty.
        port: the port that it listens on now; `None` when that is not known.
    """
    changed = command.replace("0.0.0.0", LOOPBACK)  # noqa: S104 - replaced
    if port is not None:
        changed = re.sub(rf"(?<!\d){port}(?!\d)", "$PORT", changed)
    if changed != command and "$PORT" in changed:
        return f"write in the Procfile: web: {changed}"
    if re.search(r"\bflask\b.* run\b", command):
        return f"write in the Procfile: web: {command} --host {LOOPBACK} --port $PORT"
    if re.search(r"\bmanage\.py runserver\b", command):
        return f"write in the Procfile: web: {command} {LOOPBACK}:$PORT"
    where = f"{address}:{port}" if address else str(port or "its own")
    return (
        f"have it listen on {LOOPBACK} and the port in the environment variable PORT instead of "
        f"{where}, commit, and push again"
    )
