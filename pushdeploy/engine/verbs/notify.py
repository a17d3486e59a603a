"""Notices: who is told what goes wrong, and what was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import App, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.notice_address import Address

TEST_SECONDS = 120.0
"""The sender gives up before."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An address, without what is secret in it."""

    number: int
    app: str
    """Whose list it is in; empty: the server's."""
    kind: str
    shown: str
    only: tuple[str, ...]
    """The topics that it gets; none: all."""
    waiting: int = 0
    """How many notices wait to be sent there."""
    trouble: str = ""
    """Why the last of them could not be sent."""


@dataclass(frozen=True, slots=True)
class Open:
    """Something that is wrong since some time."""

    app: str
    """Empty: it is about the server."""
    topic: str
    text: str
    since: float
    command: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A notice that nobody got."""

    app: str
    text: str
    made: float
    """When it should have been told, epoch seconds."""
    answer: str
    """Why it could not be sent."""


@dataclass(frozen=True, slots=True)
class Notices:
    """Who is told, what is wrong, and what was given up."""

    addresses: tuple[Listed, ...]
    wrong: tuple[Open, ...]
    given_up: tuple[GivenUp, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test, at one address."""

    address: Listed
    wrong: str
    """Empty: it was taken."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Of all addresses."""

    tried: tuple[Tried, ...]


@verb("notify", Notices, right=Right.LOOK, app=App.OPTIONAL)
def notices(asked: Asked) -> Notices:
    """Show who is told: of an app, its own and the server's; without an app, everybody."""
    from pushdeploy.notices.account import account

    found = account(asked.machine, asked.app)
    return Notices(
        tuple(_listed(one.address, one.app, one.waiting, one.trouble) for one in found.addresses),
        tuple(
            Open(one.app, str(one.topic), one.text, one.since, one.command) for one in found.wrong
        ),
        tuple(
            GivenUp(one.notice.app, one.notice.text, one.made, one.answer) for one in found.given_up
        ),
    )


@verb("notify.add", Listed, right=Right.SERVER, app=App.OPTIONAL)
def add(asked: Asked, *, url: str, only: str = "") -> Listed:
    """Tell whoever answers at a `url`: of all topics, or of `only` these, by commas."""
    from pushdeploy.model.notice_address import parse_only
    from pushdeploy.notices.addresses import add as story

    made = story(asked.machine, asked.app, url, parse_only(only), asked.who)
    return _listed(made, asked.app)


@verb("notify.remove", Listed, right=Right.SERVER, app=App.OPTIONAL)
def remove(asked: Asked, *, number: int) -> Listed:
    """Tell the address of this `number` nothing more."""
    from pushdeploy.notices.addresses import remove as story

    return _listed(story(asked.machine, asked.app, number, asked.who), asked.app)


@verb("notify.test", Tests, right=Right.SERVER, app=App.OPTIONAL, seconds=TEST_SECONDS)
def test(asked: Asked) -> Tests:
    """Send a notice to all addresses at once, and say what each answered."""
    from pushdeploy.notices.addresses import send_test

    found = send_test(asked.machine, asked.app)
    return Tests(tuple(Tried(_listed(one, asked.app), wrong) for one, wrong in found.items()))


def _listed(one: Address, app: str, waiting: int = 0, trouble: str = "") -> Listed:
    only = tuple(str(topic) for topic in one.only)
    return Listed(one.number, app, str(one.kind), one.shown, only, waiting, trouble)
