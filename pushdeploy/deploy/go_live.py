"""From a release in place to a release that serves: boot, health, switch, settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.boot import boot
from pushdeploy.deploy.health import check
from pushdeploy.deploy.hogs import stop_squatter
from pushdeploy.deploy.journal import Journal, read_release_or_none
from pushdeploy.deploy.settle import change_workers, settle
from pushdeploy.deploy.switch import settle_intent, switch, switch_back
from pushdeploy.errors import PortTakenError, PushdeployError
from pushdeploy.events import Report, Warned
from pushdeploy.system.faults import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.model.release import Kind, Release
    from pushdeploy.model.settings import AppSettings


def go_live(
    machine: Machine,
    journal: Journal,
    release: Release,
    kind: Kind,
    who: str,
    report: Report,
    *,
    change: Callable[[AppSettings], AppSettings] = lambda same: same,
    stands_for: int | None = None,
) -> int | None:
    """Make a release live; returns the one that was.

    The old release serves until the new one is healthy, and again if it does not settle.

    Args:
        machine: this one.
        journal: the app's records.
        release: the release, in place.
        kind: what made it.
        who: for whom.
        report: who is told.
        change: of formation or storage, which comes with the release and goes if it does.
        stands_for: the release that this one is, but for a venv that was built again.

    Raises:
        DeployFailedError: it is not healthy or does not settle; what was live is live.
    """
    former = journal.settings()
    settings = change(former)
    starts = _boot_healthy(machine, release, settings, report)
    healthy = machine.now() if starts else None
    reached(Point.WEB_HEALTHY)
    previous = switch(machine, journal, release, kind, who, report, stands_for)
    before = None if previous is None else read_release_or_none(journal, previous)
    try:
        settings = journal.change_settings(change)
        reached(Point.SETTINGS_SAVED)
        settle(machine, release, settings, report, healthy=healthy)
    except Exception:
        switch_back(journal, previous)
        settings = journal.change_settings(
            lambda now: now.changed(formation=former.formation, storage=former.storage)
        )
        reached(Point.SETTINGS_RESTORED)
        if before is not None:
            _start_workers_again(machine, before, settings, report)
        raise
    settle_intent(journal, release)
    if previous is not None and previous != release.number:
        keep_warm(machine, journal, previous, settings)
    return previous


def _boot_healthy(
    machine: Machine, release: Release, settings: AppSettings, report: Report
) -> bool:
    """Boot until it passes its checks; returns whether it was started.

    An app that has taken its port meanwhile is stopped, and it is started once more.
    """
    instance, starts = boot(machine, release, settings, report)
    try:
        check(machine, release, instance, report)
    except PortTakenError:
        did = stop_squatter(machine, instance.port, release.app)
        if did is None:
            raise
        report(Warned(did, hint="ss -ltnp"))
        machine.supervisor.stop([instance])
        instance, starts = boot(machine, release, settings, report)
        check(machine, release, instance, report)
    return bool(starts)


def _start_workers_again(
    machine: Machine, before: Release, settings: AppSettings, report: Report
) -> None:
    """The old release's; that they fall too does not hide why the new one failed."""
    try:
        change_workers(machine, before, settings, report)
    except PushdeployError as error:
        report(Warned(error.message, hint=error.hint or ""))


def keep_warm(machine: Machine, journal: Journal, previous: int, settings: AppSettings) -> None:
    """Record that the old web process stays for a while; one a app."""
    for number in journal.history().warm:
        if number != previous:
            journal.note_history(cold=number)
            reached(Point.COLD_NOTED)
    if settings.warm:
        journal.note_history(warm=previous, until=machine.now() + settings.warm)
    reached(Point.WARM_NOTED)
