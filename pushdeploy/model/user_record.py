"""The record of which users and groups we made on one machine, by their numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pushdeploy.model.account import FIRST_ID, LAST_ID

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class UserRecord:
    """What we made, and the numbers that were given back.

    A number that an app's user had is given to another one as late as can be: somewhere a file
    may still be the old user's.
    """

    users: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    retired: tuple[int, ...] = ()
    """Oldest first."""

    def with_user(self, name: str, number: int) -> UserRecord:
        """With a user of ours."""
        return replace(self, users={**self.users, name: number})

    def with_group(self, name: str, number: int) -> UserRecord:
        """With a group of ours."""
        return replace(self, groups={**self.groups, name: number})

    def without(self, name: str) -> UserRecord:
        """Without the user and the group of this name, whose numbers are given back."""
        users, groups = dict(self.users), dict(self.groups)
        gone = [users.pop(name, None), groups.pop(name, None)]
        numbers = dict.fromkeys((*self.retired, *(one for one in gone if one is not None)))
        return UserRecord(users, groups, tuple(numbers))

    def free_number(self, taken: Callable[[int], bool]) -> int | None:
        """One for a new user and its group: never used before, else the one that rests longest.

        Args:
            taken: whether the machine has a user or group with this number.
        """
        ours = {*self.users.values(), *self.groups.values()}
        fresh = (one for one in range(LAST_ID, FIRST_ID - 1, -1) if one not in self.retired)
        numbers = (*fresh, *self.retired)
        return next((one for one in numbers if one not in ours and not taken(one)), None)


def parse_user_record(text: str) -> UserRecord:
    """Read it back; what we did not write proves nothing, and reads as nothing."""
    try:
        record = json.loads(text)
        return UserRecord(
            {str(name): int(number) for name, number in record["users"].items()},
            {str(name): int(number) for name, number in record["groups"].items()},
            tuple(int(number) for number in record["retired"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return UserRecord()


def render_user_record(record: UserRecord) -> str:
    """One line of JSON."""
    values = {"users": record.users, "groups": record.groups, "retired": record.retired}
    return json.dumps(values, sort_keys=True) + "\n"
