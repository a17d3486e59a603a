"""Tidy: what runs becomes `current` plus recorded warm releases; what nothing names is deleted.

The same after a deploy, a failed one, a killed one, at boot and by the timer.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.deploy import instances
from pushdeploy.deploy.archive import archive
from pushdeploy.deploy.journal import Journal, read_release_or_none
from pushdeploy.errors import BusyError, PushdeployError, UnavailableError
from pushdeploy.model.history import releases_to_keep
from pushdeploy.model.layout import ATTEMPT_LOGS
from pushdeploy.model.release import KEPT_RELEASES
from pushdeploy.system import files, sockets
from pushdeploy.system.faults import Point, reached
from pushdeploy.system.locks import folder_held, held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.deploy.machine import Machine
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
"""Somebody who holds the app for longer tidies after himself."""

NEWEST_FAILED = 1
KEPT_LOGS = 200
"""Attempts whose logs are kept."""

UNFINISHED = re.compile(r"\.(new|old)-.+")


def tidy(machine: Machine, app: str) -> list[str]:
    """Drain and stop what should not run, and prune; returns what was done, in words."""
    place = machine.layout.app(app)
    journal = Journal(place)
    if _has_lost(journal):
        return []
    drained = _served(journal, _extra(machine, journal))
    drain(machine, drained)  # without the lock: the next push need not wait for it
    try:
        with held(place.lock, who="pushdeploy", what="tidying", seconds=LOCK_SECONDS):
            return tidy_locked(machine, journal, drained)
    except BusyError:
        return []


def tidy_locked(machine: Machine, journal: Journal, drained: Sequence[Path] = ()) -> list[str]:
    """The same with the lock held; what is not among the `drained` is drained first.

    While the live release has lost its link or record nothing is stopped or deleted: what runs may
    be all that is left.
    """
    if _has_lost(journal):
        return []
    did = _end_warm(machine, journal)
    _end_previous(machine, journal)
    extra = _extra(machine, journal)
    if extra:
        drain(machine, [path for path in _served(journal, extra) if path not in drained])
        machine.supervisor.forget(journal.place.name, [one.unit for one in extra])
        reached(Point.TIDY_STOPPED)
        did += [f"stopped {one.name} of v{one.release}" for one in extra]
    did += _close_idle_front(machine, journal)
    did += prune(journal)
    _keep_config(journal)
    _wake_for_warm(machine, journal)
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


def wanted_units(machine: Machine, journal: Journal) -> set[str]:
    """The units that should exist: all of the live release, web of warm ones."""
    return {one.unit for one in wanted_instances(machine, journal)}


def wanted_instances(machine: Machine, journal: Journal) -> list[Instance]:
    """The instances that should run; web of the live release is the first.

    Raises:
        RefusedInputError: the record of the live release can't be read; so nothing may be stopped.
        NotFoundError: it is gone.
    """
    settings = journal.settings()
    live = journal.live()
    found: list[Instance] = []
    current = journal.current()
    if current is not None:
        found.append(instances.web(machine, current, settings))
        found += instances.workers(machine, current, settings)
    for number in journal.history().warm:
        warm = read_release_or_none(journal, number) if number != live else None
        if warm is not None:
            found.append(instances.web(machine, warm, settings))
    return found


def prune(journal: Journal) -> list[str]:
    """Delete releases beyond the kept ones, then slugs and venvs that no release names."""
    place = journal.place
    present = journal.numbers()
    keep = releases_to_keep(
        journal.history(),
        present,
        codes={number: _target(place.release(number).code) for number in present},
        newest_failed=NEWEST_FAILED,
        kept=KEPT_RELEASES,
    )
    live = journal.live()
    gone = [number for number in present if number not in keep and number != live]
    for number in gone:
        files.delete_tree(place.release(number).root)
        reached(Point.PRUNE_RELEASE)
    kept = [place.release(number) for number in journal.numbers()]
    _delete_others(place.slugs, {_target(one.code) for one in kept})
    reached(Point.PRUNE_SLUGS)
    _delete_others(place.venvs, {_target(one.venv) for one in kept})
    reached(Point.PRUNE_VENVS)
    _prune_work(journal)
    for name in _names(place.releases):
        if UNFINISHED.fullmatch(name):
            files.delete_tree(place.releases / name)
    with folder_held(place.root):  # a change of the site does not hold the app
        files.delete_unfinished(place.root)
    reached(Point.PRUNE_UNFINISHED)
    _prune_runs(journal)
    reached(Point.PRUNE_RUNS)
    _prune_logs(journal)
    reached(Point.PRUNE_LOGS)
    with suppress(OSError, UnavailableError):  # a full disk: records that are long still hold
        archive(journal)
    return [f"pruned v{number}" for number in gone]


def _has_lost(journal: Journal) -> bool:
    """Somebody has deleted `current`, or the record of the release that it leads to."""
    live = journal.live()
    if live is None:
        return journal.history().live is not None
    return journal.live_release() is None


def _close_idle_front(machine: Machine, journal: Journal) -> list[str]:
    """Of an app whose first deploy has failed after its switch."""
    app = journal.place.name
    if journal.live() is not None or app not in machine.supervisor.fronts():
        return []
    machine.supervisor.close_front(app)
    return ["closed the front: nothing is live"]


def _keep_config(journal: Journal) -> None:
    """A copy of the live config vars outside of releases; not on a disk that is full."""
    if journal.live() is not None:
        with suppress(OSError, PushdeployError):
            environment = journal.environment()
            kept = journal.place.pending_environment.exists()
            if not kept or environment != journal.environment_of(None):
                journal.save_pending_environment(environment)


def _extra(machine: Machine, journal: Journal) -> list[Status]:
    """What is there and should not be."""
    wanted = wanted_units(machine, journal)
    statuses = machine.supervisor.statuses(journal.place.name)
    return [one for one in statuses if one.unit not in wanted]


def _served(journal: Journal, extra: list[Status]) -> list[Path]:
    """The sockets that clients can be connected to: those of releases that were live.

    One that never was has only our own probes in its queue, which a crashed app never empties.
    """
    once_live = journal.history().once_live()
    web = [one.release for one in extra if one.process_type == "web"]
    return [journal.place.web_socket(number) for number in web if number in once_live]


def _end_warm(machine: Machine, journal: Journal) -> list[str]:
    did = []
    for number, until in journal.history().warm.items():
        if until <= machine.now():
            journal.note_history(cold=number)
            reached(Point.WARM_ENDED)
            did.append(f"ended the warm time of v{number}")
    return did


def _end_previous(machine: Machine, journal: Journal) -> None:
    """Static files of the release before are shown for a while; none of one that is live again."""
    previous, current = journal.place.previous, journal.place.current
    if not previous.is_symlink():
        return
    is_live = current.is_symlink() and os.readlink(previous) == os.readlink(current)
    if is_live or _previous_until(journal) <= machine.now():
        previous.unlink()


def _previous_until(journal: Journal) -> float:
    history = journal.history()
    return max((one.at for one in history.changes[-1:]), default=0.0) + STATIC_SECONDS


def _wake_for_warm(machine: Machine, journal: Journal) -> None:
    ends = list(journal.history().warm.values())
    if journal.place.previous.is_symlink():
        ends.append(_previous_until(journal))
    if ends:
        machine.timers.wake(journal.place.name, max(1.0, min(ends) - machine.now() + 1))
    reached(Point.TIDY_WOKEN)


def _target(link: Path) -> str:
    """The name that a release's link ends in: what it needs, whether or not its record is read."""
    try:
        return link.readlink().name
    except OSError:
        return ""


def _delete_others(folder: Path, named: set[str]) -> None:
    for name in _names(folder):
        if name not in named:
            files.delete_tree(folder / name)


def _prune_work(journal: Journal) -> None:
    if journal.place.build_work.exists():
        files.delete_tree(journal.place.build_work)


def _prune_runs(journal: Journal) -> None:
    present = {f"v{number}" for number in journal.numbers()}
    for name in _names(journal.place.run):
        if name.split(".")[0] not in present:
            path = journal.place.run / name
            if path.is_dir():
                files.delete_tree(path)
            else:
                path.unlink(missing_ok=True)


def _prune_logs(journal: Journal) -> None:
    numbers = sorted(int(path.stem) for path in journal.place.log.glob(ATTEMPT_LOGS))
    for number in numbers[:-KEPT_LOGS]:
        journal.place.attempt_log(number).unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
