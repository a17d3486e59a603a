"""The deploy branch: the first push sets it, and `git:set` chooses another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pushdeploy.machine.machine import Machine


def set_first_branch(machine: Machine, app: str, branch: str) -> None:
    """The first push says which branch is deployed."""
    with _lock(machine):
        if AppRecords(machine.layout.app(app)).settings().branch == "":
            _choose(machine, app, branch)


def choose_branch(machine: Machine, app: str, branch: str) -> str:
    """From now on this branch is deployed, once it is pushed; returns the one before.

    The others go from the server's repo: what is pushed there is the deploy branch alone, and git
    keeps no branch `a/b` beside `a`. What is live stays.

    Raises:
        NotFoundError: there is no such app.
    """
    with _lock(machine):
        before = AppRecords(machine.layout.app(app)).settings().branch
        if before != branch:
            _choose(machine, app, branch)
        return before


def _choose(machine: Machine, app: str, branch: str) -> None:
    """The settings last: a process killed before them has changed nothing that counts."""
    records = AppRecords(machine.layout.app(app))
    machine.checkout_worker.ask("keep_branch", repo=str(records.place.repo), branch=branch)
    records.change_settings(lambda now: now.changed(branch=branch))


def _lock(machine: Machine) -> AbstractContextManager[None]:
    return held(machine.layout.apps_lock, who="pushdeploy", what="setting the branch")
