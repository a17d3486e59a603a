"""A push gets the Python that its repo asks for, fetched when the server may."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build.choose_python import choose_python
from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.events import PythonChosen, PythonFetching, Warned
from pushdeploy.records.server_settings import change_server_settings

if TYPE_CHECKING:
    from pushdeploy.model.tree import Tree
    from tests.deploy.machine import FakeMachine

UV = Path(sys.executable).with_name("uv")


def asking(machine: FakeMachine, versions: str, file: str = ".python-version") -> Tree:
    """A tree that asks for a Python."""
    commit = machine.checkout_worker.commit("one")
    tree = machine.checkout_worker.trees[commit]
    return replace(tree, python_version=versions, python_file=file)


def test_a_specifier_that_the_servers_own_fits_takes_that(machine: FakeMachine) -> None:
    told: list[object] = []

    found = choose_python(machine, asking(machine, ">=3.0", "pyproject.toml"), told.append)

    assert found.version.minor == sys.version_info.minor
    assert told == [PythonChosen(str(found.version), "pyproject.toml")]


def test_what_is_missing_is_fetched_and_warned_of(machine: FakeMachine) -> None:
    machine = replace(machine, uv=UV)
    told: list[object] = []

    found = choose_python(machine, asking(machine, "3.8"), told.append)

    assert found.version.minor == 8
    assert found.path.is_relative_to(machine.layout.pythons)
    assert [type(one) for one in told] == [PythonFetching, PythonChosen, Warned]
    assert machine.pythons.fetched == [str(found.version)]


def test_a_server_that_may_not_fetch_names_the_command(machine: FakeMachine) -> None:
    machine = replace(machine, uv=UV)
    change_server_settings(machine, lambda now: replace(now, fetch_pythons=False))

    with pytest.raises(RefusedInputError) as refusal:
        choose_python(machine, asking(machine, "3.8"), print)

    assert refusal.value.hint == "pushdeploy python:install 3.8"
    assert machine.pythons.fetched == []


def test_a_server_without_a_network_says_so(machine: FakeMachine) -> None:
    machine = replace(machine, uv=UV)
    machine.pythons.refusal = UnavailableError("uv could not fetch that Python: no", hint="x")

    with pytest.raises(RefusedInputError, match="could not fetch") as refusal:
        choose_python(machine, asking(machine, "3.8"), print)

    assert refusal.value.hint == "x"
