"""The deploy branch: the first push sets it, and `git:set` chooses another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.journal import Journal
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pushdeploy.deploy.machine import Machine


def set_first_branch(machine: Machine, app: str, branch: str) -> None:
    """The first push says which branch is deployed."""
    with _lock(machine):
        if Journal(machine.layout.app(app)).settings().branch == "":
            _choose(machine, app, branch)


def choose_branch(machine: Machine, app: str, branch: str) -> str:
    """From now on this branch is deployed, once it is pushed; returns the one before.

    The others go from the server's repo: what is pushed there is the deploy branch alone, and git
    keeps no branch `a/b` beside `a`. What is live stays.

    Raises:
        NotFoundError: there is no such app.
    """
    with _lock(machine):
        before = Journal(machine.layout.app(app)).settings().branch
        if before != branch:
            _choose(machine, app, branch)
        return before


def _choose(machine: Machine, app: str, branch: str) -> None:
    """The settings last: who is killed before them has changed nothing that counts."""
    journal = Journal(machine.layout.app(app))
    machine.receiver.ask("keep_branch", repo=str(journal.place.repo), branch=branch)
    journal.change_settings(lambda now: now.changed(branch=branch))


def _lock(machine: Machine) -> AbstractContextManager[None]:
    return held(machine.layout.apps_lock, who="pushdeploy", what="setting the branch")
