"""An Aptfile's packages are named, or installed before the build where root allows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.events import AttemptFailed, SystemPackagesInstalling, Warned
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.model.ended import Ended
    from tests.deploy.machine import FakeMachine


def push(machine: FakeMachine, *, allowed: bool) -> Ended:
    """`git push` of a tree with an Aptfile."""
    AppRecords(machine.place).change_settings(
        lambda before: before.changed(system_packages=allowed)
    )
    commit = machine.checkout_worker.commit("one")
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(tree, system_packages=("libvips42", "g++"))
    machine.branch_names(commit)
    return machine.deploy()


def test_they_are_named_until_root_allows_more(machine: FakeMachine) -> None:
    assert push(machine, allowed=False).exit_code == 0

    warned = [one for one in machine.watching.events if isinstance(one, Warned)]
    assert [one.hint for one in warned] == ["sudo apt-get install libvips42 g++"]
    assert machine.packages.here == set()


def test_they_are_installed_before_the_build_when_it_is_allowed(machine: FakeMachine) -> None:
    machine.packages.here.add("g++")

    assert push(machine, allowed=True).exit_code == 0

    told = machine.watching.one(SystemPackagesInstalling)
    assert told == SystemPackagesInstalling(("libvips42",))
    assert machine.packages.here == {"libvips42", "g++"}


def test_a_push_fails_when_they_can_not_be_installed(machine: FakeMachine) -> None:
    machine.packages.refusal = UnavailableError("apt-get could not install libvips42: no space")

    assert push(machine, allowed=True).exit_code == 7

    failed = machine.watching.one(AttemptFailed)
    assert isinstance(failed, AttemptFailed)
    assert "no space" in failed.reason
    assert machine.supervisor.jobs == []
