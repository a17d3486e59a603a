"""Delete Pythons that were fetched, once a newer patch has come and no venv has the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import OLD
from pushdeploy.records.app_records import app_names
from pushdeploy.system import files, pythons
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.python_version import PythonVersion

LOCK_SECONDS = 5.0
"""Somebody who fetches one holds it for longer; the next time will do."""


def remove_old(machine: Machine) -> list[str]:
    """Delete them; returns what was done, in words.

    The newest of each minor version stays, whether or not an app has it already.

    Raises:
        BusyError: one is being fetched.
    """
    place = machine.layout
    left = list(place.pythons.glob(f"{OLD}*"))
    if not left and not replaced(pythons.fetched(place.pythons)):
        return []
    with held(place.pythons_lock, who="pushdeploy", what="old Pythons", seconds=LOCK_SECONDS):
        used = _used(machine)
        old = [one for one in replaced(pythons.fetched(place.pythons)) if one[0] not in used]
        for path, _ in old:
            files.delete_tree(path.parents[1])
        for one in left:  # of a deletion that was killed
            files.delete_tree(one)
    return [
        f"deleted Python {version}: no venv uses it, and there is a newer one" for _, version in old
    ]


def replaced(
    fetched: list[tuple[Path, PythonVersion]],
) -> list[tuple[Path, PythonVersion]]:
    """Those of which there is a newer patch."""
    newest: dict[tuple[int, int], int] = {}
    for _, version in fetched:
        minor = (version.major, version.minor)
        newest[minor] = max(newest.get(minor, 0), version.patch or 0)
    return [one for one in fetched if (one[1].patch or 0) < newest[one[1].major, one[1].minor]]


def _used(machine: Machine) -> set[Path]:
    """What the venvs of all apps name, those of failed and of older releases too."""
    places = (machine.layout.app(app) for app in app_names(machine.layout.apps))
    links = (pythons.of_venv(venv) for place in places for venv in place.venvs.glob("*"))
    return {link for link in links if link is not None}
