"""What to do when what is wanted (the deploy branch) and what is (`current`) may differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.attempt import BOOT_TRIES, Attempt, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence


class Occasion(StrEnum):
    """Why somebody asks."""

    PUSH = "push"
    DEPLOY = "deploy"
    TIMER = "timer"
    """Boot and `reconcile`: nobody is watching."""


class Action(StrEnum):
    """What follows."""

    DEPLOY = "deploy"
    NOTHING = "nothing"
    """It is live."""
    LEARN = "learn"
    """An attempt of this very push has ended; its outcome is the answer. One that was killed is
    taken up again where a timer would."""
    LEAVE = "leave"
    """It was live and somebody rolled back from it, or trying again helps nobody."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, and the attempt that it rests on."""

    action: Action
    attempt: Attempt | None = None


def decide(
    occasion: Occasion, attempts: Sequence[Attempt], *, live: bool, after: int | None = None
) -> Decision:
    """The table of docs/explanation/the-forced-command.md.

    Args:
        occasion: why somebody asks.
        attempts: those that tried to deploy the wanted commit, oldest first.
        live: the wanted commit is what `current` runs.
        after: the newest attempt's number before the push; a newer one belongs to the push.
    """
    last = attempts[-1] if attempts else None
    if last and after is not None and last.number > after and not _is_taken_up(attempts):
        return Decision(Action.LEARN, last)
    if occasion is Occasion.DEPLOY:
        return Decision(Action.DEPLOY, last)
    if live:
        return Decision(Action.NOTHING, last)
    if last is None:
        return Decision(Action.DEPLOY)
    was_live = last.outcome is Outcome.LIVE
    again = not was_live and (occasion is Occasion.PUSH or _is_taken_up(attempts))
    return Decision(Action.DEPLOY if again else Action.LEAVE, last)


def _is_taken_up(attempts: Sequence[Attempt]) -> bool:
    """True when the last one was killed early, so that we try again unasked, but not for ever."""
    last = attempts[-1]
    abandoned = [one for one in attempts if one.outcome is Outcome.ABANDONED]
    harmless = last.outcome is Outcome.ABANDONED and not last.release_phase
    return harmless and len(abandoned) < BOOT_TRIES
