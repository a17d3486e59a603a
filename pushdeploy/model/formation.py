"""The formation: how many of each process type an app runs; it belongs to the app, not a release.

The web process is one instance per release, so for `web` the quantity is the number of gunicorn's
workers, and None leaves that number to us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - the dataclass shows its field's type
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable


MOST = 100
"""Processes of one type, or workers of gunicorn: more need more than one server."""
AUTOMATIC = "auto"
"""How people write that gunicorn's workers are ours to choose: `web=auto`."""
ONE_SHOT = frozenset(
    {"bash", "collectstatic", "console", "createsuperuser", "db_migrate", "init_db", "migrate"}
    | {"seed", "setup", "shell", "test"}
)
"""Process types that by their name do something once and end; `-` counts as `_`."""

_CHANGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,62})(=|[+-](?=\d))(\d{1,4}|auto)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """One argument of `ps:scale`.

    `quantity` is the new quantity, or with `relative` what is added to it, perhaps below 0; None
    means automatic.
    """

    name: str
    quantity: int | None
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Formation:
    """Process type to quantity, ordered by name; None only for `web`.

    A type that is not named runs once: what a new Procfile adds starts with the deploy. One that
    `is_one_shot` does not run.

    Raises:
        UsageError: A quantity is out of its bounds: 0 to `MOST`, for `web` 1 to `MOST`.
    """

    quantities: Mapping[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, quantity in self.quantities.items():
            _check(name, quantity)
        object.__setattr__(
            self, "quantities", MappingProxyType(dict(sorted(self.quantities.items())))
        )

    @property
    def web_workers(self) -> int | None:
        """The number of gunicorn's workers; None leaves it to us."""
        return self.quantities.get("web")

    def instances(self, name: str) -> int:
        """How many instances of a process type run; always one of `web`, none of `release`."""
        if name in {"web", "release"}:
            return 1 if name == "web" else 0
        quantity = self.quantities.get(name)
        return _usual(name) if quantity is None else quantity

    def scaled(self, changes: Iterable[Change]) -> Formation:
        """This formation after the changes, in their order; this one stays as it is.

        Raises:
            UsageError: A quantity gets out of its bounds, or `web+1` is asked while the number of
                workers is automatic.
        """
        quantities = dict(self.quantities)
        for change in changes:
            quantities[change.name] = self._after(change, quantities)
        return Formation(quantities)

    def _after(self, change: Change, quantities: Mapping[str, int | None]) -> int | None:
        if not change.relative or change.quantity is None:
            return change.quantity
        before = quantities.get(change.name, None if change.name == "web" else _usual(change.name))
        if before is None:
            raise UsageError(
                "the number of `web` workers is automatic, so nothing can be added to it",
                hint="name the number, for example `pushdeploy ps:scale web=4`",
            )
        return before + change.quantity


def is_one_shot(name: str) -> bool:
    """Whether a process type ends by itself, by its name, as `migrate` does."""
    return name.lower().replace("-", "_") in ONE_SHOT


def _usual(name: str) -> int:
    """How many run when nobody has said it."""
    return 0 if is_one_shot(name) else 1


def parse_scale(arguments: Iterable[str]) -> tuple[Change, ...]:
    """The changes of `ps:scale` arguments: `worker=2`, `worker+1`, `worker-1`, `web=auto`.

    Whether the Procfile has the type is for the caller to see.

    Raises:
        UsageError: An argument has another form, or a quantity is out of its bounds.
    """
    changes = tuple(_change(argument) for argument in arguments)
    names = [change.name for change in changes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{quoted(twice)} is named twice", hint="name each process type once")
    return changes


def _change(argument: str) -> Change:
    match = _CHANGE.fullmatch(argument)
    if not match:
        raise UsageError(
            f"{quoted(argument)} does not say what to scale",
            hint="write `worker=2`, `worker+1` or `worker-1`",
        )
    name, sign, amount = match.groups()
    quantity = None if amount == AUTOMATIC else int(amount)
    if sign == "=" or quantity is None:
        _check(name, quantity)
        return Change(name, quantity)
    _check_type(name)
    return Change(name, quantity if sign == "+" else -quantity, relative=True)


def _check(name: str, quantity: int | None) -> None:
    _check_type(name)
    if quantity is None:
        if name != "web":
            raise UsageError(
                f"{quoted(name)} can't be automatic; only `web` can",
                hint=f"name the number, for example `pushdeploy ps:scale {name}=1`",
            )
    elif name == "web" and quantity < 1:
        raise UsageError(
            f"`web` can't be scaled to {quantity}: without it nothing answers requests",
            hint="to delete the app: pushdeploy apps:destroy",
        )
    elif not 0 <= quantity <= MOST:
        raise UsageError(
            f"{quoted(name)} can't be scaled to {quantity}",
            hint=f"use a number from {1 if name == 'web' else 0} to {MOST}",
        )


def _check_type(name: str) -> None:
    if name == "release":
        raise UsageError(
            "`release` can't be scaled: it runs once in each deploy",
            hint="name another process type, such as `worker=2`",
        )
