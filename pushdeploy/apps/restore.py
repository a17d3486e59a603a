"""Restore: owners and modes as they should be, and what somebody deleted of an app by hand.

What has to be built again is `fit`'s to say and `change_release`'s to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.apps.storage import make_storage
from pushdeploy.model.refname import push_command
from pushdeploy.model.storage import storage_set
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.system import files

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.system.ownership import Findings

FIRST_BRANCH = "main"
"""What the HEAD of a repo names before the first push."""


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


def restore(machine: Machine, records: AppRecords) -> list[str]:
    """The link `current`, and storage folders; returns what was done, in words. With the lock."""
    return [*_current(records), *_storage(machine, records)]


def restore_repo(machine: Machine, app: str) -> list[str]:
    """A repo that is not a git repo any more becomes one, empty; the next push fills it."""
    place = machine.layout.app(app)
    if all((place.repo / part).exists() for part in ("HEAD", "objects", "refs")):
        return []
    branch = AppRecords(place).settings().branch or FIRST_BRANCH
    machine.checkout_worker.ask("make_repo", repo=str(place.repo), branch=branch, taken="")
    return [f"made {place.repo} again, empty; to fill it: {push_command(branch)}"]


def _current(records: AppRecords) -> list[str]:
    """It leads where it did by the history. None that is open: a first deploy may have failed."""
    number = records.history().live
    if number is None or records.live() is not None:
        return []
    files.point(records.place.current, f"releases/v{number}")
    return [f"made the link {records.place.current} to v{number} again"]


def _storage(machine: Machine, records: AppRecords) -> list[str]:
    """Empty: what was in it is nowhere else here."""
    app, live = records.place.name, records.live()
    release = None if live is None else read_release_or_none(records, live)
    if release is None:
        return []
    folders = storage_set([*records.settings().storage, *release.storage])
    lost = [folder for folder in folders if not (records.place.shared / folder).is_dir()]
    if not lost:
        return []
    make_storage(machine, app, lost)
    named = ", ".join(f"shared/{folder}" for folder in lost)
    after = f"restore it from a backup, then: pushdeploy restart --app {app}"
    return [f"made {named} again, empty; {after}"]
