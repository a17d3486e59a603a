"""Fetch a Python that the server does not have, for all apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.python_version import PythonVersion, newest
from pushdeploy.system import pythons, uv
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine

LOCK_SECONDS = 900.0


def fetch_python(machine: Machine, wanted: PythonVersion, who: str) -> pythons.Interpreter:
    """The newest of a minor version that uv knows: fetched, unless it is here already.

    Raises:
        RefusedInputError: uv knows none.
        UnavailableError: it could not be had.
    """
    known = uv.fetchable(machine.uv)
    found = newest(wanted, known)
    if found is None:
        listed = ", ".join(f"{one.major}.{one.minor}" for one in known) or "none"
        raise RefusedInputError(
            f"uv has no Python `{wanted}` for this machine; it has {listed}",
            hint="pushdeploy python:list",
        )
    place = machine.layout
    what = f"fetching Python {found}"
    with held(place.pythons_lock, who=who, what=what, seconds=LOCK_SECONDS):
        present = {version: path for path, version in pythons.fetched(place.pythons)}
        if found not in present:
            machine.pythons.fetch(machine.uv, found, place.pythons)
            present = {version: path for path, version in pythons.fetched(place.pythons)}
    return pythons.Interpreter(present[found], found)
