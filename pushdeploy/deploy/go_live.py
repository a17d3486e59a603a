"""From a release in place to a release that serves: boot, health, switch, cutover."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.apps.hogs import stop_squatter
from pushdeploy.deploy.boot import boot
from pushdeploy.deploy.cutover import change_workers, cut_over
from pushdeploy.deploy.health import check
from pushdeploy.deploy.switch import confirm_switch, switch, switch_back
from pushdeploy.errors import PortTakenError, PushdeployError
from pushdeploy.events import Event, Report, Warned, WentLive, WorkersChanged
from pushdeploy.proxy.bare_address import addresses
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.schedules.follow import follow
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Kind, Release
    from pushdeploy.model.settings import AppSettings


def go_live(
    machine: Machine,
    records: AppRecords,
    release: Release,
    report: Report,
    *,
    kind: Kind,
    who: str,
    change: Callable[[AppSettings], AppSettings] = lambda same: same,
    stands_for: int | None = None,
) -> int | None:
    """Make a release live; returns the one that was.

    The old release serves until the new one is healthy, and again if the cutover fails. A `change`
    of formation or storage comes with the release and goes if it does; `stands_for` is the release
    that this one is, but for a venv that was built again.

    Raises:
        DeployFailedError: it is not healthy, or the cutover fails; what was live is live.
    """
    former = records.settings()
    began = machine.now()
    healthy = _boot_healthy(machine, release, change(former), report, kind)
    reached(Point.WEB_HEALTHY)
    previous = switch(machine, records, release, report, kind=kind, who=who, stands_for=stands_for)
    try:
        settings = records.change_settings(change)
        reached(Point.SETTINGS_SAVED)
        took = healthy - began if healthy else 0.0
        cut_over(machine, release, settings, report, kind, healthy=healthy, boot_seconds=took)
        follow(machine, records, release, settings, report)
    except Exception:
        _go_back(machine, records, former, previous, report, kind)
        raise
    confirm_switch(records, release)
    if previous is not None and previous != release.number:
        keep_warm(machine, records, previous, settings)
    return previous


def went_live(machine: Machine, records: AppRecords, release: Release, began: float) -> WentLive:
    """What is told of it; `began` by the machine's monotonic clock."""
    return WentLive(
        app=release.app,
        release=release.number,
        commit=release.commit.id,
        addresses=addresses(machine, records, release),
        seconds=machine.monotonic() - began,
    )


def _boot_healthy(
    machine: Machine, release: Release, settings: AppSettings, report: Report, kind: Kind
) -> float | None:
    """Boot until it passes its checks; returns when it did, if it has web and was not running.

    An app that has taken its port meanwhile is stopped, and it is started once more.
    """
    if not release.procfile.has_web:
        return None
    instance, starts = boot(machine, release, settings, report)
    try:
        check(machine, release, instance, report, kind)
    except PortTakenError:
        did = stop_squatter(machine, instance.port, release.app)
        if did is None:
            raise
        report(Warned(did, hint="ss -ltnp"))
        machine.supervisor.stop([instance])
        instance, starts = boot(machine, release, settings, report)
        check(machine, release, instance, report, kind)
    return machine.now() if starts else None


def _go_back(
    machine: Machine,
    records: AppRecords,
    former: AppSettings,
    previous: int | None,
    report: Report,
    kind: Kind,
) -> None:
    """Make live what was live, with its settings and workers.

    That its workers fall too does not hide why the new release failed.
    """
    switch_back(records, previous)
    settings = records.change_settings(
        lambda now: now.changed(formation=former.formation, storage=former.storage)
    )
    reached(Point.SETTINGS_RESTORED)
    before = None if previous is None else read_release_or_none(records, previous)
    if before is None:
        if previous is None:
            follow(machine, records, None, settings)
        return
    follow(machine, records, before, settings)

    def told(event: Event) -> None:
        if isinstance(event, WorkersChanged):
            event = replace(event, back_to=previous)
        report(event)

    try:
        change_workers(machine, before, settings, told, kind)
    except PushdeployError as error:
        report(Warned(error.message, hint=error.hint or ""))


def keep_warm(machine: Machine, records: AppRecords, previous: int, settings: AppSettings) -> None:
    """Record that the old web process stays for a while; one a app."""
    for number in records.history().warm:
        if number != previous:
            records.note_history(cold=number)
            reached(Point.COLD_NOTED)
    before = read_release_or_none(records, previous)
    if settings.warm and (before is None or before.procfile.has_web):
        records.note_history(warm=previous, until=machine.now() + settings.warm)
    reached(Point.WARM_NOTED)
