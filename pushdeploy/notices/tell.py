"""Tell: look at what is wrong and what has happened, and have those told who want to be.

A process of its own, after whatever has happened: no deploy waits for it, and none fails by it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import BusyError
from pushdeploy.model.notice import Letter
from pushdeploy.model.notice_state import Memory, remember, tried
from pushdeploy.notices import server_look
from pushdeploy.notices.addresses import all_reached
from pushdeploy.notices.glance import note, seen_now
from pushdeploy.notices.look import look
from pushdeploy.notices.memory import forget, read_memory, write_memory
from pushdeploy.system.files import make_folder
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.machine.machine import Machine
    from pushdeploy.notices.addresses import Reached

PATIENCE_SECONDS = 120.0
"""Somebody else who tells now may have looked before what we are to tell."""


LATER_SECONDS = 900.0
"""What only time changes is looked at so often: an overdue backup, a certificate's end."""

SOON_SECONDS = 60.0
"""What must last before it is told is looked at again so soon."""


def tell(machine: Machine) -> None:
    """Look once, and send all that is due."""
    place = machine.layout.notices
    make_folder(place.run, mode=0o700)
    with (
        suppress(BusyError),
        held(place.lock, who="pushdeploy", what="telling", seconds=PATIENCE_SECONDS),
    ):
        place.wake.unlink(missing_ok=True)
        people = all_reached(machine)
        if not people:
            forget(machine)
            place.seen.unlink(missing_ok=True)
            return
        _tell(machine, people)


def _tell(machine: Machine, people: Mapping[str, Reached]) -> None:
    found = seen_now(machine.layout, machine.vitals)
    before = read_memory(machine) or Memory(began=machine.now())
    seen = look(machine, before)
    now = machine.now()
    addresses = {id_: one.wants for id_, one in people.items()}
    memory = remember(seen.memory, seen.wrong, seen.news, addresses, now)
    write_memory(machine, memory)
    memory = _send(machine, people, memory)
    note(machine.layout.notices, found, _next_look(memory, machine.now()))


def _send(machine: Machine, people: Mapping[str, Reached], memory: Memory) -> Memory:
    now = machine.now()
    due = [index for index, one in enumerate(memory.waiting) if one.due <= now]
    if not due:
        return memory
    letters = [Letter(people[memory.waiting[at].to].url, memory.waiting[at].notice) for at in due]
    answers = dict(zip(due, machine.messenger.send(letters), strict=True))
    after = tried(memory, answers, machine.now())
    write_memory(machine, after)
    return after


def _next_look(memory: Memory, now: float) -> float:
    """When to look again though nothing seems to have changed."""
    soon = [now + SOON_SECONDS] if server_look.SHORT in memory.seen else []
    return min([now + LATER_SECONDS, *soon, *(one.due for one in memory.waiting)])
