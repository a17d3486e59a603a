"""The watchdog's entry point, which systemd runs each minute. Standard library only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from pushdeploy.cli.engine_link import socket_of
from pushdeploy.engine.client import ask
from pushdeploy.engine.connection import server_connection
from pushdeploy.engine.verbs.watchdog import found
from pushdeploy.errors import PushdeployError
from pushdeploy.model.layout import SERVER
from pushdeploy.system.port_fence import keeps_in
from pushdeploy.system.systemd import loaded
from pushdeploy.watch.watchdog import Finding, find

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO = "watchdog"
AT_ONCE = 16
"""Engines that fix apps side by side: one that hangs takes up to a minute to stop."""


def main() -> int:
    """Look once, and have the engine fix what was found; says what was done."""
    findings = find(SERVER, loaded(), time.time(), keeps_in)
    if not findings:
        return 0
    from concurrent.futures import ThreadPoolExecutor  # mostly all is well

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for finding, did in zip(findings, pool.map(_set_right, findings), strict=True):
            for line in did:
                print(f"{finding.app}: {line}", flush=True)
    return 0


def _set_right(finding: Finding) -> list[str]:
    try:
        return list(_asked(finding))
    except PushdeployError as error:
        return [f"failed: {error.message}"]


def _asked(finding: Finding) -> Iterator[str]:
    request = found(finding.app, hung=finding.hung)
    yield from ask(server_connection(socket_of(SERVER)), request, who=WHO).did


if __name__ == "__main__":
    sys.exit(main())
