"""Look at the server: disk, memory, backups, a reboot that is due, its distribution's end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.backup.listing import backup_trouble
from pushdeploy.backup.settings import backup_state
from pushdeploy.model.disk import EASED_PERCENT, FULL_PERCENT
from pushdeploy.model.end_of_life import system_ends
from pushdeploy.model.memory_left import EASED_MEMORY_PERCENT, SHORT_PERCENT
from pushdeploy.model.notice import Topic, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.notice_state import Memory

SHORT_SECONDS = 90.0
"""Memory that is short for less is no news: a deploy has two releases run for a while."""

SHORT = "/memory"


def count(machine: Machine, memory: Memory) -> Memory:
    """The memory with since when the server's is short."""
    seen = {key: at for key, at in memory.seen.items() if key != SHORT}
    limit = EASED_MEMORY_PERCENT if SHORT in memory.seen else SHORT_PERCENT
    if machine.vitals.memory_left() < limit:
        seen[SHORT] = memory.seen.get(SHORT, machine.now())
    return replace(memory, seen=seen)


def _disk(machine: Machine, memory: Memory) -> list[Trouble]:
    full = {one.trouble.identity for one in memory.open}
    found = []
    for one in machine.vitals.filesystems():
        for key, used, what, command in (
            (f"disk/{one.path}", one.used, "disk", f"df -h {one.path}"),
            (f"disk/{one.path}:files", one.files_used, "inode table", f"df -i {one.path}"),
        ):
            if used >= (EASED_PERCENT if f"/{key}" in full else FULL_PERCENT):
                where = "" if one.path == "/" else f" at {one.path}"
                found.append(
                    _trouble(
                        machine,
                        key,
                        f"the {what}{where} is {used} % full",
                        command,
                        f"the {what}{where} is less than {EASED_PERCENT} % full",
                    )
                )
    return found


def _memory(machine: Machine, memory: Memory) -> list[Trouble]:
    since = memory.seen.get(SHORT)
    if since is None or machine.now() - since < SHORT_SECONDS:
        return []
    text = f"memory is short: less than {SHORT_PERCENT} % is left"
    command, over = "systemd-cgtop --order=memory", "there is enough memory again"
    return [replace(_trouble(machine, "memory/all", text, command, over), since=since)]


def _reboot(machine: Machine, _: Memory) -> list[Trouble]:
    if not machine.vitals.reboot_required():
        return []
    text, over = "a system upgrade needs a reboot", "the server was rebooted"
    return [_trouble(machine, "reboot/all", text, "sudo systemctl reboot", over)]


def _system(machine: Machine, _: Memory) -> list[Trouble]:
    name, version = machine.vitals.distribution()
    day = system_ends(name, version, machine.now())
    if day is None:
        return []
    text = f"{name.capitalize()} {version} gets security updates only until {day}"
    command = "sudo do-release-upgrade" if name == "ubuntu" else ""
    over = f"the system is no longer {name.capitalize()} {version}"
    return [_trouble(machine, f"system/{version}", text, command, over)]


def _backup(machine: Machine, _: Memory) -> list[Trouble]:
    text = backup_trouble(machine)
    if not text:
        return []
    failed = backup_state(machine).failed
    return [
        Trouble(
            key="backup/overdue" if failed is None else "backup/failed",
            topic=Topic.BACKUP,
            app="",
            text=text,
            since=machine.now() if failed is None else failed,
            command="pushdeploy backup:create",
            over="there is a new backup",
        )
    ]


def _trouble(machine: Machine, key: str, text: str, command: str, over: str) -> Trouble:
    return Trouble(key, Topic.SERVER, "", text, machine.now(), command, over)


AREAS: dict[str, Callable[[Machine, Memory], list[Trouble]]] = {
    "disk": _disk,
    "memory": _memory,
    "reboot": _reboot,
    "system": _system,
    "backup": _backup,
}
"""What is looked at, by the first part of its troubles' keys."""
