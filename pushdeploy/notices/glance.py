"""A glance, each minute, by the watchdog: has anything changed since somebody looked?

It reads no record, only when each was written and what the kernel counts; who looks reads them.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.model.disk import EASED_PERCENT, FULL_PERCENT
from pushdeploy.model.memory_left import band
from pushdeploy.records.app_records import app_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushdeploy.machine.tools import Vitals
    from pushdeploy.model.layout import Layout
    from pushdeploy.model.room_layouts import NoticeLayout


def is_due(layout: Layout, vitals: Vitals, now: float) -> bool:
    """Whether somebody is to look: never, while nobody is to be told."""
    place = layout.notices
    if not (place.memory.exists() or place.memory_aside.exists()):
        return False
    try:
        return place.seen.stat().st_mtime <= now or place.seen.read_text() != seen_now(
            layout, vitals
        )
    except OSError:
        return True


def note(place: NoticeLayout, seen: str, due: float) -> None:
    """Keep what was seen before all was told; the file's time is when to look again anyway."""
    with suppress(OSError):
        place.seen.write_text(seen)
        os.utime(place.seen, (due, due))


def seen_now(layout: Layout, vitals: Vitals) -> str:
    """What can be seen at a glance, as a digest."""
    digest = hashlib.sha256()
    for one in _facts(layout, vitals):
        digest.update(f"{one}\n".encode())
    return digest.hexdigest()


def _facts(layout: Layout, vitals: Vitals) -> Iterator[object]:
    for disk in vitals.filesystems():
        yield disk.path, _band(disk.used), _band(disk.files_used)
    yield band(vitals.memory_left())
    yield vitals.reboot_required(), _written(layout.backup.last), _written(layout.backup.settings)
    for app in app_names(layout.apps):
        place = layout.app(app)
        files = (place.attempts, place.history, place.settings, layout.own_certificate(app))
        yield app, [_written(path) for path in files], vitals.out_of_memory(app)
        with suppress(OSError), os.scandir(place.cron) as notes:
            yield sorted((one.name, one.stat(follow_symlinks=False).st_mtime_ns) for one in notes)


def _band(used: int) -> int:
    return (used >= EASED_PERCENT) + (used >= FULL_PERCENT)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
