"""Owners: users, owners, groups and modes are looked at before anything is done to an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.apps.restore import restore_repo

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.system.ownership import Findings


def own(machine: Machine, app: str, *, deep: bool = False) -> list[str]:
    """Make what the app owns as it should be; returns what was done, in words.

    Raises:
        UnavailableError: somebody else has the name of one of its users, or the place of a folder.
    """
    return told(machine.accounts.ensure(app, deep=deep)) + restore_repo(machine, app)


def own_server(machine: Machine, *, deep: bool = False) -> list[str]:
    """The same of what all apps share."""
    return told(machine.accounts.ensure_server(deep=deep))


def told(findings: Findings) -> list[str]:
    """All of it."""
    return [*findings.made, *findings.did, *findings.left]
