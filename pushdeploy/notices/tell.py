"""Tell: look at what is wrong and what has happened, and have those told who want to be.

A process of its own, after whatever has happened: no deploy waits for it, and none fails by it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import BusyError
from pushdeploy.model.notice import Letter
from pushdeploy.model.notice_state import Memory, remember, tried
from pushdeploy.notices.addresses import all_reached
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
            return
        _tell(machine, people)


def _tell(machine: Machine, people: Mapping[str, Reached]) -> None:
    before = read_memory(machine) or Memory(began=machine.now())
    seen = look(machine, before)
    now = machine.now()
    addresses = {id_: one.wants for id_, one in people.items()}
    memory = remember(seen.memory, seen.wrong, seen.news, addresses, now)
    write_memory(machine, memory)
    due = [index for index, one in enumerate(memory.waiting) if one.due <= now]
    if not due:
        return
    letters = [Letter(people[memory.waiting[at].to].url, memory.waiting[at].notice) for at in due]
    answers = dict(zip(due, machine.messenger.send(letters), strict=True))
    write_memory(machine, tried(memory, answers, machine.now()))
