"""Which of many attempts somebody may still ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.convergence import BOOT_TRIES

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPLOY = "deploy"


def asked_for(attempts: Sequence[Attempt], newest: int) -> frozenset[int]:
    """The numbers of the attempts that must stay at hand.

    Those that have not ended; the newest; and those by which a push is decided: of each commit
    that was tried since the branch last named another, the last try, and as many killed ones as
    count.

    Args:
        attempts: all, oldest first.
        newest: how many of the newest stay.
    """
    keep = {one.number for one in attempts[-newest:]}
    keep |= {one.number for one in attempts if one.outcome is Outcome.RUNNING}
    for tries in _tries(attempts).values():
        killed = [one.number for one in tries if one.outcome is Outcome.ABANDONED]
        keep |= {tries[-1].number, *killed[-BOOT_TRIES:]}
    return frozenset(keep)


def _tries(attempts: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    tries: dict[str, list[Attempt]] = {}
    for one in attempts:
        if one.kind == DEPLOY:
            if one.of_branch:
                tries = {one.commit: tries.get(one.commit, [])}
            tries.setdefault(one.commit, []).append(one)
    return tries
