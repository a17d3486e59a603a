"""What became of a push, as the wrapper around git knows it, and whether a deploy is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED = "refused"
"""Said by `pre-receive` when it takes nothing."""

KEPT = "kept"
"""Said by `pre-receive` when it takes refs that are not deployed."""

STORED = "stored"
"""Said by `post-receive`, after the commit's id by `pre-receive`: the branch names it."""

TOLD = "told:"
"""Said by `post-receive`, before an exit status, once the person knows how the push ended."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a push ended."""

    notes: Sequence[str]
    """What the hooks said: a commit's id, or one of the words above."""
    status: int
    """The exit status of `git receive-pack`: 0 also when it refused everything."""
    received_objects: bool

    @property
    def commit(self) -> str:
        """What the push brings to the deploy branch; empty when that is nothing."""
        words = (one for one in self.notes if one not in (REFUSED, KEPT, STORED))
        return next((one for one in words if not one.startswith(TOLD)), "")

    @property
    def told(self) -> int | None:
        """The push's exit status, when the person knows how it ended."""
        found = (one.removeprefix(TOLD) for one in self.notes if one.startswith(TOLD))
        return next((int(one) for one in found), None)

    @property
    def is_up_to_date(self) -> bool:
        """True when the push brought nothing, or git could not even begin to receive."""
        return not self.notes and self.status == 0 and not self.received_objects

    def was_taken(self, *, due: bool) -> bool:
        """False when git itself refused the push, as far as can be told."""
        if REFUSED in self.notes or KEPT in self.notes:
            return True
        return due and not self.is_up_to_date

    def calls_for_deploy(self, tip: str | None) -> bool:
        """True when the deploy branch is to be brought live, unless it is.

        A push that git itself refuses (a hostile object, a full disk, a ref that is locked) must
        not try once more what the branch has named before. One that found all up to date does.

        Args:
            tip: the commit that the deploy branch names now; `None` when that is not known.
        """
        if REFUSED in self.notes or KEPT in self.notes:
            return False
        if not self.commit:
            return self.is_up_to_date
        return STORED in self.notes or tip in (self.commit, None)
