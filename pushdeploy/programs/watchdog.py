"""The watchdog's entry point, which systemd runs each minute. Standard library only."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.cli.engine_link import socket_of
from pushdeploy.engine.client import ask
from pushdeploy.engine.connection import server_connection
from pushdeploy.engine.verbs.watchdog import found
from pushdeploy.errors import PushdeployError
from pushdeploy.model.layout import SERVER
from pushdeploy.notices.glance import is_due
from pushdeploy.system import app_users, held_ports, port_fence, vitals
from pushdeploy.system.notice_wake import wake
from pushdeploy.system.systemd import loaded
from pushdeploy.watch.watchdog import Finding, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.machine.watched import Fence, PortUse, Users
    from pushdeploy.model.layout import Layout

WHO = "watchdog"
AT_ONCE = 16
"""Engines that fix apps side by side: one that hangs takes up to a minute to stop."""


@dataclass(frozen=True, slots=True)
class Server:
    """This server, of the parts that load quickly."""

    layout: Layout = SERVER
    ports: PortUse = held_ports
    accounts: Users = app_users
    firewall: Fence = port_fence


def main() -> int:
    """Look once, and have the engine fix what was found; says what was done.

    Then somebody may be to be told.
    """
    try:
        _look()
    finally:
        if is_due(SERVER, vitals, time.time()):
            wake(SERVER.notices)
    return 0


def _look() -> None:
    findings = find(Server(), loaded(), time.time())
    if not findings:
        return
    from concurrent.futures import ThreadPoolExecutor  # mostly all is well

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for finding, did in zip(findings, pool.map(_set_right, findings), strict=True):
            for line in did:
                print(f"{finding.app}: {line}", flush=True)


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
