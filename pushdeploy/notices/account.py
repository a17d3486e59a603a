"""The account of notices: who is told, what is wrong, and what nobody could be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.notice_state import Memory
from pushdeploy.notices.addresses import addresses_of
from pushdeploy.notices.memory import read_memory
from pushdeploy.records.app_records import app_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.notice import Trouble
    from pushdeploy.model.notice_address import Address
    from pushdeploy.model.notice_state import Delivery


@dataclass(frozen=True, slots=True)
class Told:
    """An address, and how it does."""

    app: str
    address: Address
    waiting: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Account:
    """All of it."""

    addresses: tuple[Told, ...]
    wrong: tuple[Trouble, ...]
    given_up: tuple[Delivery, ...]


def account(machine: Machine, app: str) -> Account:
    """Of an app, with whom it shares with the server; without one, all.

    Raises:
        NotFoundError: there is no such app.
    """
    memory = read_memory(machine) or Memory()
    lists = ["", app] if app else ["", *app_names(machine.layout.apps)]
    told = [
        _told(one, address, memory.waiting)
        for one in lists
        for address in addresses_of(machine, one)
    ]
    return Account(
        tuple(told),
        tuple(one.trouble for one in memory.open if app in ("", one.trouble.app)),
        tuple(one for one in memory.given_up if app in ("", one.notice.app)),
    )


def _told(app: str, address: Address, waiting: Sequence[Delivery]) -> Told:
    late = [one for one in waiting if one.to == address.id and one.tries]
    return Told(app, address, len(late), late[-1].answer if late else "")
