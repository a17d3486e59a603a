"""Everything made as the records say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ALL_SECONDS
from pushdeploy.engine.registry import App, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Did:
    """One thing that was done, or could not be."""

    text: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was done, for each app, and for the server and its programs."""

    done: dict[str, tuple[Did, ...]]


@verb("reconcile", Reconciled, right=Right.SERVER, app=App.OPTIONAL, seconds=ALL_SECONDS)
def reconcile(
    asked: Asked, *, boot: bool = False, deep: bool = False, later: bool = False
) -> Reconciled:
    """Set all apps right, or one; `boot` only starts what is live; `deep`, `later`: the story's."""
    from pushdeploy.watch import reconcile as story
    from pushdeploy.watch.boot_all import boot_all

    machine, audience = asked.machine, asked.session
    if boot:
        return _told({"boot": boot_all(machine)})
    if asked.app:
        return _told({asked.app: story.reconcile(machine, asked.app, audience, deep=deep)})
    return _told(story.reconcile_all(machine, audience, deep=deep, later=later))


def _told(done: dict[str, list[str]]) -> Reconciled:
    from pushdeploy.model.failed import Failed

    return Reconciled(
        {
            name: tuple(Did(str(one), isinstance(one, Failed)) for one in lines)
            for name, lines in done.items()
        }
    )
