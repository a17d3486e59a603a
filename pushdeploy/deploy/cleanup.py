"""Cleanup: what runs becomes `current` plus recorded warm releases; what nothing names is deleted.

The same after a deploy, a failed one, a killed one, at boot and by the timer.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.deploy import instances
from pushdeploy.errors import BusyError, PushdeployError, UnavailableError
from pushdeploy.model.app_layout import ATTEMPT_LOGS, EXPORTERS
from pushdeploy.model.history import releases_to_keep
from pushdeploy.model.release import KEPT_RELEASES
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.records.compaction import compact
from pushdeploy.system import files, sockets
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import folder_held, held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import ReleaseLayout
    from pushdeploy.model.instance import Instance, Status

DRAIN_SECONDS = 30.0
"""The longest that an old web process gets for the requests in hand."""

QUIET_SECONDS = 1.0
"""Nobody connected for so long means drained."""

STATIC_SECONDS = 600.0
"""How long nginx still finds what the release before had in its static folders: a page that was
loaded before the switch names it. Then a file that a push removed is gone."""

LOOK_SECONDS = 0.1
LOCK_SECONDS = 5.0
"""Somebody who holds the app for longer cleans up afterwards."""

NEWEST_FAILED = 1
KEPT_LOGS = 200
"""Attempts whose logs are kept."""

UNFINISHED = re.compile(r"\.(new|old)-.+")


def clean_up(machine: Machine, app: str) -> list[str]:
    """Drain and stop what should not run, and prune; returns what was done, in words."""
    place = machine.layout.app(app)
    records = AppRecords(place)
    if _has_lost(records):
        return []
    drained = _served(records, _extra(machine, records))
    drain(machine, drained)  # without the lock: the next push need not wait for it
    try:
        with held(place.lock, who="pushdeploy", what="cleaning up", seconds=LOCK_SECONDS):
            return clean_up_locked(machine, records, drained)
    except BusyError:
        return []


def clean_up_locked(
    machine: Machine, records: AppRecords, drained: Sequence[Path] = ()
) -> list[str]:
    """The same with the lock held; what is not among the `drained` is drained first.

    While the live release has lost its link or record nothing is stopped or deleted: what runs may
    be all that is left.
    """
    if _has_lost(records):
        return []
    machine.accounts.seal_venvs(records.place.name)
    reached(Point.CLEANUP_SEALED)
    did = _end_warm(machine, records)
    _end_previous(machine, records)
    extra = _extra(machine, records)
    if extra:
        drain(machine, [path for path in _served(records, extra) if path not in drained])
        machine.supervisor.forget(records.place.name, [one.unit for one in extra])
        reached(Point.CLEANUP_STOPPED)
        did += [f"stopped {one.name} of v{one.release}" for one in extra]
    did += _close_idle_front(machine, records)
    did += prune(records)
    _keep_config(records)
    _wake_for_warm(machine, records)
    return did


def drain(machine: Machine, paths: list[Path]) -> None:
    """Wait until nobody is connected to these sockets, 30 s at most."""
    end = machine.monotonic() + DRAIN_SECONDS
    quiet_since = machine.monotonic()
    while paths and machine.monotonic() < end:
        if any(sockets.connections(path) for path in paths):
            quiet_since = machine.monotonic()
        elif machine.monotonic() - quiet_since >= QUIET_SECONDS:
            return
        machine.sleep(LOOK_SECONDS)


def wanted_units(machine: Machine, records: AppRecords) -> set[str]:
    """The units that should exist: all of the live release, web of warm ones."""
    return {one.unit for one in wanted_instances(machine, records)}


def wanted_instances(machine: Machine, records: AppRecords) -> list[Instance]:
    """The instances that should run; web of the live release, if it has one, is the first.

    Raises:
        RefusedInputError: the record of the live release can't be read; so nothing may be stopped.
        NotFoundError: it is gone.
    """
    settings = records.settings()
    live = records.live()
    found: list[Instance] = []
    current = records.current()
    if current is not None:
        if current.procfile.has_web:
            found.append(instances.web(machine, current, settings))
        found += instances.workers(machine, current, settings)
    for number in records.history().warm:
        warm = read_release_or_none(records, number) if number != live else None
        if warm is not None and warm.procfile.has_web:
            found.append(instances.web(machine, warm, settings))
    return found


def prune(records: AppRecords) -> list[str]:
    """Delete releases beyond the kept ones, then slugs and venvs that no release names."""
    place = records.place
    present = records.numbers()
    keep = releases_to_keep(
        records.history(),
        present,
        codes={number: _code(place.release(number)) for number in present},
        newest_failed=NEWEST_FAILED,
        kept=KEPT_RELEASES,
    )
    live = records.live()
    gone = [number for number in present if number not in keep and number != live]
    for number in gone:
        files.delete_tree(place.release(number).root)
        reached(Point.PRUNE_RELEASE)
    kept = [place.release(number) for number in records.numbers()]
    slugs = {_target(link) for one in kept for link in (one.code, one.source, one.begun)}
    _delete_others(place.slugs, slugs)
    reached(Point.PRUNE_SLUGS)
    tools = {mark.parent.name for mark in place.venvs.glob(EXPORTERS)}
    _delete_others(place.venvs, {_target(one.venv) for one in kept} | tools)
    reached(Point.PRUNE_VENVS)
    _prune_work(records)
    for name in _names(place.releases):
        if UNFINISHED.fullmatch(name):
            files.delete_tree(place.releases / name)
    with folder_held(place.root):  # a change of the site does not hold the app
        files.delete_unfinished(place.root)
    reached(Point.PRUNE_UNFINISHED)
    _prune_runs(records)
    reached(Point.PRUNE_RUNS)
    _prune_logs(records)
    reached(Point.PRUNE_LOGS)
    with suppress(OSError, UnavailableError):  # a full disk: records that are long still hold
        compact(records)
    return [f"pruned v{number}" for number in gone]


def _has_lost(records: AppRecords) -> bool:
    """Somebody has deleted `current`, or the record of the release that it leads to."""
    live = records.live()
    if live is None:
        return records.history().live is not None
    return records.live_release() is None


def _close_idle_front(machine: Machine, records: AppRecords) -> list[str]:
    """Of an app whose first deploy has failed after its switch, or that has only workers."""
    app, live = records.place.name, records.current()
    serves = live is not None and live.procfile.has_web
    if serves or app not in machine.supervisor.fronts():
        return []
    machine.supervisor.close_front(app)
    return [f"closed the front: nothing {'serves' if live else 'is live'}"]


def _keep_config(records: AppRecords) -> None:
    """A copy of the live config vars outside of releases; not on a disk that is full."""
    if records.live() is not None:
        with suppress(OSError, PushdeployError):
            environment = records.environment()
            kept = records.place.pending_environment.exists()
            if not kept or environment != records.environment_of(None):
                records.save_pending_environment(environment)


def _extra(machine: Machine, records: AppRecords) -> list[Status]:
    """What is there and should not be."""
    wanted = wanted_units(machine, records)
    statuses = machine.supervisor.statuses(records.place.name)
    return [one for one in statuses if one.unit not in wanted]


def _served(records: AppRecords, extra: list[Status]) -> list[Path]:
    """The sockets that clients can be connected to: those of releases that were live.

    One that never was has only our own probes in its queue, which a crashed app never empties.
    """
    once_live = records.history().once_live()
    web = [one.release for one in extra if one.process_type == "web"]
    return [records.place.web_socket(number) for number in web if number in once_live]


def _end_warm(machine: Machine, records: AppRecords) -> list[str]:
    did = []
    for number, until in records.history().warm.items():
        if until <= machine.now():
            records.note_history(cold=number)
            reached(Point.WARM_ENDED)
            did.append(f"ended the warm time of v{number}")
    return did


def _end_previous(machine: Machine, records: AppRecords) -> None:
    """Static files of the release before are shown for a while; none of one that is live again."""
    previous, current = records.place.previous, records.place.current
    if not previous.is_symlink():
        return
    is_live = current.is_symlink() and os.readlink(previous) == os.readlink(current)
    if is_live or _previous_until(records) <= machine.now():
        previous.unlink()


def _previous_until(records: AppRecords) -> float:
    history = records.history()
    return max((one.at for one in history.changes[-1:]), default=0.0) + STATIC_SECONDS


def _wake_for_warm(machine: Machine, records: AppRecords) -> None:
    ends = list(records.history().warm.values())
    if records.place.previous.is_symlink():
        ends.append(_previous_until(records))
    if ends:
        machine.timers.wake(records.place.name, max(1.0, min(ends) - machine.now() + 1))
    reached(Point.CLEANUP_WOKEN)


def _target(link: Path) -> str:
    """The name that a release's link ends in: what it needs, whether or not its record is read."""
    try:
        return link.readlink().name
    except OSError:
        return ""


def _code(release: ReleaseLayout) -> str:
    """What was pushed, from which build steps may have made several slugs."""
    return _target(release.begun) or _target(release.source) or _target(release.code)


def _delete_others(folder: Path, named: set[str]) -> None:
    for name in _names(folder):
        if name not in named:
            files.delete_tree(folder / name)


def _prune_work(records: AppRecords) -> None:
    for folder in (records.place.build_work, records.place.exported, records.place.step_work):
        if folder.exists():
            files.delete_tree(folder)


def _prune_runs(records: AppRecords) -> None:
    present = {f"v{number}" for number in records.numbers()}
    for name in _names(records.place.run):
        if name.split(".")[0] not in present:
            path = records.place.run / name
            if path.is_dir():
                files.delete_tree(path)
            else:
                path.unlink(missing_ok=True)


def _prune_logs(records: AppRecords) -> None:
    numbers = sorted(int(path.stem) for path in records.place.log.glob(ATTEMPT_LOGS))
    for number in numbers[:-KEPT_LOGS]:
        records.place.attempt_log(number).unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
