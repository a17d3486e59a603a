"""Look: what is wrong now, and what has happened since the last look.

What one look can't tell, because a record can't be read, stays as it was; the others still look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.notices import app_look, server_look
from pushdeploy.notices.deploys import deploys
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.notice import News, Trouble
    from pushdeploy.model.notice_state import Memory


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has found."""

    memory: Memory
    """As before, with how far the look came."""
    wrong: tuple[Trouble, ...]
    news: tuple[News, ...]


def look(machine: Machine, before: Memory) -> Seen:
    """Look at everything.

    Args:
        machine: this one.
        before: what the last look knew.
    """
    memory, news = _deploys(machine, before)
    memory = app_look.count(machine, memory)
    memory = server_look.count(machine, memory)
    wrong: list[Trouble] = []
    for area, see in server_look.AREAS.items():
        wrong += _seen(memory, f"/{area}/", partial(see, machine, memory))
    for app in app_names(machine.layout.apps):
        for area, see_app in app_look.AREAS.items():
            wrong += _seen(memory, f"{app}/{area}/", partial(see_app, machine, memory, app))
    return Seen(memory, tuple(wrong), tuple(news))


def _deploys(machine: Machine, memory: Memory) -> tuple[Memory, list[News]]:
    news: list[News] = []
    attempts: dict[str, int] = {}
    for app in app_names(machine.layout.apps):
        last = memory.attempts.get(app, 0)
        try:
            told, attempts[app] = deploys(AppRecords(machine.layout.app(app)), last, memory.began)
            news += told
        except Exception as error:  # noqa: BLE001 - also of our bug in one app
            log.bug(error)
            attempts[app] = last
    return replace(memory, attempts=attempts), news


def _seen(memory: Memory, begins: str, see: Callable[[], list[Trouble]]) -> list[Trouble]:
    """What one look sees; if it can't see, what was there before, by how its identity begins."""
    try:
        return see()
    except Exception as error:  # noqa: BLE001 - as above
        log.bug(error)
        return [one.trouble for one in memory.open if one.trouble.identity.startswith(begins)]
