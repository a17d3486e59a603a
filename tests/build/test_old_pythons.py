"""A Python that was fetched goes when a newer patch is here and no venv names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.build.old_pythons import remove_old
from pushdeploy.model.python_version import PythonVersion
from pushdeploy.watch.reconcile import reconcile_all
from tests.deploy.machine import Watching

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine


def fetch(machine: FakeMachine, *patches: int, minor: int = 14) -> None:
    """Have these patches of 3.14 here."""
    for patch in patches:
        version = PythonVersion(3, minor, patch)
        machine.pythons.fetch(machine.uv, version, machine.layout.pythons)


def here(machine: FakeMachine) -> list[str]:
    """The versions that are here."""
    return sorted(path.name.split("-")[1] for path in machine.layout.pythons.glob("cpython-*"))


def test_an_older_patch_goes_and_the_newest_of_each_minor_version_stays(
    machine: FakeMachine,
) -> None:
    fetch(machine, 2, 9, 10)
    fetch(machine, 1, minor=13)

    did = remove_old(machine)

    assert here(machine) == ["3.13.1", "3.14.10"]
    assert [line.split(":")[0] for line in did] == [
        "deleted Python 3.14.2",
        "deleted Python 3.14.9",
    ]
    assert remove_old(machine) == []


def test_one_that_a_venv_names_stays_until_that_is_gone(machine: FakeMachine) -> None:
    fetch(machine, 2, 10)
    venv = machine.place.venvs / "abc"
    (venv / "bin").mkdir(parents=True)
    old = machine.layout.pythons / "cpython-3.14.2-linux-x86_64-gnu" / "bin" / "python3.14"
    (venv / "bin" / "python").symlink_to(old)

    assert remove_old(machine) == []

    (venv / "bin" / "python").unlink()
    assert len(remove_old(machine)) == 1


def test_reconcile_deletes_them_and_says_so(machine: FakeMachine) -> None:
    fetch(machine, 2, 10)

    done = reconcile_all(machine, Watching())

    assert done["the server"] == [
        "deleted Python 3.14.2: no venv uses it, and there is a newer one"
    ]
