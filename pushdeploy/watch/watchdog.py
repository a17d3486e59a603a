"""The watchdog's look: which live apps answer nothing, and what crash-loops.

Each minute a short-lived process looks, without a lock and without changing anything; what it
finds, the engine sets right (`pushdeploy/watch/restart_hung.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import is_down
from pushdeploy.apps.hogs import hogs
from pushdeploy.errors import PushdeployError
from pushdeploy.model.health import probe_headers
from pushdeploy.model.instance import parse_unit
from pushdeploy.model.watchdog import needs_other_backoff, silence
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system.liveness import Question, silent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.watched import Watched
    from pushdeploy.model.instance import Status
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Finding:
    """An app that the engine is to look after."""

    app: str
    hung: int | None
    """The release that was asked and did not answer."""


def find(machine: Watched, statuses: Iterable[Status], now: float) -> list[Finding]:
    """Ask every live app at once; those that don't answer, and those whose pauses are wrong.

    Args:
        machine: this one.
        statuses: of all that runs.
        now: seconds since 1970.
    """
    layout = machine.layout
    asked: dict[Question, Finding] = {}
    for app in app_names(layout.apps):
        try:
            found = _question(AppRecords(layout.app(app)))
        except PushdeployError:  # one broken app does not hold up the others
            continue
        if found is not None:
            one, release = found
            asked[one] = Finding(app, release)
    hung = [asked[one] for one in silent(asked)]
    units = (parse_unit(one.unit) for one in statuses if needs_other_backoff(one, now))
    paced = {unit.app for unit in units if unit is not None}
    apps = list(app_names(layout.apps))
    open_ports = apps[:1] if is_down(machine) else []  # any: all ports are told
    others = {*paced, *hogs(machine, apps), *open_ports} - {one.app for one in hung}
    return [*hung, *(Finding(app, None) for app in sorted(others))]


def _question(records: AppRecords) -> tuple[Question, int] | None:
    current, settings = records.current(), records.settings()
    if current is None or not settings.watchdog or not current.speaks_http:
        return None
    return question(records, current, settings), current.number


def question(records: AppRecords, release: Release, settings: AppSettings) -> Question:
    """What the watchdog asks a release: its first health check, over its own socket."""
    check = release.checks[0]
    return Question(
        socket=records.place.web_socket(release.number),
        path=check.path,
        host=settings.known_as,
        headers=probe_headers(check),
        seconds=silence(check),
    )
