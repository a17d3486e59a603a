"""Addresses: where notices go, of an app or of the server; added and removed by one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, PushdeployError, RefusedInputError, UsageError
from pushdeploy.model.notice import Letter, Notice, State, Topic
from pushdeploy.model.notice_address import (
    MOST,
    Address,
    Kind,
    parse_addresses,
    parse_url,
    render_addresses,
)
from pushdeploy.records.app_records import app_names
from pushdeploy.system.files import File, write
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pushdeploy.machine.machine import Machine

PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who is told: all that holds for one URL."""

    url: str
    takes: tuple[tuple[str, Address], ...]
    """The apps whose list has it, an empty name being the server's list."""

    def wants(self, notice: Notice) -> bool:
        """Whether one of the lists says so: the server's is about all apps."""
        return any(
            app in ("", notice.app) and address.takes(notice.topic) for app, address in self.takes
        )


def addresses_of(machine: Machine, app: str) -> tuple[Address, ...]:
    """Those of an app, or of the server, in their order.

    Raises:
        NotFoundError: there is no such app.
        RefusedInputError: the list can't be read.
    """
    return _read(_file(machine, app))


def all_reached(machine: Machine) -> dict[str, Reached]:
    """Everybody who is told of anything, by the `id` of the address; a broken list has nobody."""
    found: dict[str, Reached] = {}
    for app in ("", *app_names(machine.layout.apps)):
        try:
            listed = _read(_file(machine, app))
        except PushdeployError:
            continue
        for one in listed:
            known = found.get(one.id, Reached(one.url, ()))
            found[one.id] = Reached(one.url, (*known.takes, (app, one)))
    return found


def add(machine: Machine, app: str, url: str, only: tuple[Topic, ...], who: str) -> Address:
    """Have notices go to a URL; one that is there gets these topics from now on.

    Raises:
        UsageError: that is no URL, or there are too many.
        RefusedInputError: nothing here knows how to reach it.
        UnavailableError: this machine sends none.
    """
    machine.messenger.require()
    url, path = parse_url(url), _file(machine, app)
    address = Address(0, url, only)
    if address.kind is Kind.APPRISE:
        wrong = machine.messenger.check(Letter(url, trial_notice(machine.now())))
        if wrong:
            raise RefusedInputError(
                f"notices can't be sent to `{address.shown}`: {wrong}",
                hint="its form: https://appriseit.com/services/",
            )
    with held(machine.layout.settings_lock, who=who, what="a change of addresses"):
        listed = _read(path)
        number = next(
            (one.number for one in listed if one.url == url),
            max((one.number for one in listed), default=0) + 1,
        )
        made = Address(number, url, only)
        others = [one for one in listed if one.url != url]
        if len(others) >= MOST:
            raise UsageError(
                f"there are {MOST} addresses already; remove one first", hint=_list(app)
            )
        _write(path, sorted([*others, made], key=lambda one: one.number))
    machine.messenger.wake()
    return made


def remove(machine: Machine, app: str, number: int, who: str) -> Address:
    """Send nothing more to an address; what waits for it is dropped.

    Raises:
        NotFoundError: there is no such number.
    """
    path = _file(machine, app)
    with held(machine.layout.settings_lock, who=who, what="a change of addresses"):
        listed = _read(path)
        gone = next((one for one in listed if one.number == number), None)
        if gone is None:
            raise NotFoundError(f"there is no address {number}", hint=_list(app))
        _write(path, [one for one in listed if one is not gone])
    return gone


def send_test(machine: Machine, app: str) -> Mapping[Address, str]:
    """Send to all of a list at once; what went wrong with each, in words.

    Raises:
        NotFoundError: the list is empty.
        UnavailableError: this machine sends none.
    """
    machine.messenger.require()
    listed = addresses_of(machine, app)
    if not listed:
        more = f" --app {app}" if app else ""
        raise NotFoundError("there is no address", hint=f"pushdeploy notify:add URL{more}")
    notice = trial_notice(machine.now(), app)
    wrong = machine.messenger.send([Letter(one.url, notice) for one in listed])
    return dict(zip(listed, wrong, strict=True))


def trial_notice(now: float, app: str = "") -> Notice:
    """What `notify:test` sends."""
    text = "this is a test of pushdeploy's notices"
    return Notice(f"{app}/test/{now:.0f}", Topic.TEST, State.NEWS, app, text, now, _list(app))


def _list(app: str) -> str:
    return f"pushdeploy notify --app {app}" if app else "pushdeploy notify"


def _file(machine: Machine, app: str) -> Path:
    if not app:
        return machine.layout.notices.addresses
    place = machine.layout.app(app)
    if not place.settings.exists():
        hint = f"pushdeploy apps:create {app}"
        raise NotFoundError(f"there is no app `{app}`", hint=hint)
    return place.addresses


def _read(path: Path) -> tuple[Address, ...]:
    try:
        return parse_addresses(path.read_text())
    except FileNotFoundError:
        return ()
    except RefusedInputError as error:
        error.hint = f"on the server: sudo rm {path}; then add its addresses again"
        raise


def _write(path: Path, addresses: list[Address]) -> None:
    if addresses:
        write(File(path, render_addresses(tuple(addresses)), PRIVATE))
    else:
        path.unlink(missing_ok=True)
