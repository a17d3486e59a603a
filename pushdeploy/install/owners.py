"""Owners and modes in the installer: what a restored backup or a `chown` left is fixed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.records.app_records import app_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.install.steps import Steps
    from pushdeploy.machine.machine import Machine
    from pushdeploy.system.ownership import Findings

SHOWN = 20
"""Lines of what was fixed; the rest are counted."""


def own(steps: Steps, title: str, look: Callable[[], Findings]) -> None:
    """Set something right, and name what was not as it should be."""
    found: list[Findings] = []

    def action() -> bool:
        findings = look()
        found.append(findings)
        return bool(findings.made or findings.did)

    steps.step(title, action)
    for did in found[0].did[:SHOWN]:
        steps.detail(did)
    if len(found[0].did) > SHOWN:
        steps.detail(f"and {len(found[0].did) - SHOWN} more")
    for left in found[0].left:
        steps.warn(left, "ls -l shows whose they are")


def own_apps(steps: Steps, machine: Machine) -> None:
    """Those of all apps; one that can't be fixed does not hold up the others."""
    for app in app_names(machine.layout.apps):
        try:
            own(steps, f"Checking the owners in {app}", partial(machine.accounts.ensure, app))
        except PushdeployError as error:
            steps.fault(error.message, error.hint or f"pushdeploy reconcile --app {app}")
