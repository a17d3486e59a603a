"""Whether Celery's workers have found their queue: without it they stay up, and only try again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.events import Report, Warned
from pushdeploy.model.cause import Evidence
from pushdeploy.model.causes_of_place import refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance
    from pushdeploy.model.release import Release

LINES = 50
_CELERY = re.compile(r"\bcelery\b")
_CANNOT = "consumer: Cannot connect to "


def look_for_queue(
    machine: Machine, release: Release, started: Iterable[Instance], report: Report
) -> None:
    """Say so of the first worker whose output tells that nobody listens there."""
    lines = {line.name: line.command for line in release.procfile.lines}
    for one in started:
        if not _CELERY.search(lines.get(one.process_type, "")):
            continue
        output = [line for line in machine.supervisor.tail(one, LINES) if _CANNOT in line]
        cause = refused(Evidence(app=release.app, output="\n".join(output)))
        if cause is not None:
            report(Warned(f"{one.name} can't reach its queue. {cause.text}", hint=cause.hint))
            return
