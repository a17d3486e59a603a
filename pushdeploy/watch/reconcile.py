"""Reconcile: after a boot, a crash or a kill, make everything as the records say. Twice is once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.apps.collect import collect, is_due
from pushdeploy.apps.lifecycle import (
    finish_destroying,
    finish_unmaking,
    half_destroyed,
    half_made,
    without_settings,
)
from pushdeploy.apps.owners import own, own_server
from pushdeploy.deploy import fit
from pushdeploy.deploy.attempt import Audience, app_lock, refused_by_disk
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.deploy.cleanup import clean_up_locked, wanted_instances
from pushdeploy.deploy.converge import converge, deploy_is_due
from pushdeploy.deploy.start_missing import start_missing
from pushdeploy.errors import BusyError, PushdeployError, UnavailableError
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.failed import Failed, placed
from pushdeploy.model.layout import OLD
from pushdeploy.model.release import Kind
from pushdeploy.model.size import format_size
from pushdeploy.proxy import certificates, sites
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system import files, log, sockets
from pushdeploy.system.deadline import deadline
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import WAIT_SECONDS
from pushdeploy.watch import obstacles
from pushdeploy.watch.restart_hung import REBUILD_SECONDS, adjust_backoff, restart, restart_hung

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance
    from pushdeploy.watch.obstacles import Obstacle

REBUILDS_APART_SECONDS = 5.0
"""After an upgrade of the system many apps may have to be built again."""


SERVER = "the server"
"""Stands where an app's name does, and can be none."""

APP_SECONDS = 120.0
"""For one app, where all are reconciled: to drain what is over and to start what is missing."""

PATIENCE_SECONDS = 10.0
"""Whatever holds the app for longer fixes it at its end."""

COLLECT_SECONDS = 600.0
"""For packing one app's repo."""

LATER_SECONDS = 1.0
APART_SECONDS = 2.0
"""When the deploys that are due begin, one after the other."""


def boot_all(machine: Machine) -> list[str]:
    """Start what is live of every app: all sockets first, then services, waiting for nothing.

    Before any app runs, all fronts have their ports, so that none can take another's. One app that
    can't be started does not hold up the others.
    """
    owned = _own(lambda: own_server(machine))
    did: list[str] = []
    started: list[Instance] = []
    for app in app_names(machine.layout.apps):
        owned += _own(partial(own, machine, app), f"{app}: ")
        try:
            records = AppRecords(machine.layout.app(app))
            trouble = fit.live_misfit(machine, records)
            if trouble is None:
                started += _live_instances(machine, records)
            else:
                did.append(_left_for_rebuild(machine, app, trouble, len(did)))
        except Exception as error:  # noqa: BLE001 - also of our bug in one app
            did.append(_failed(error, f"{app}: "))
    machine.supervisor.apply(started)
    reached(Point.BOOT_APPLIED)
    did += _open_fronts(machine, sorted({one.app for one in started}))
    machine.supervisor.start(started)
    reached(Point.BOOT_STARTED)
    did += [f"started {one.name} of {one.app} v{one.release}" for one in started]
    return owned + did


def idle(machine: Machine) -> list[str]:
    """Apps that are live by their records, and whose web listens nowhere."""
    live = {
        app: AppRecords(machine.layout.app(app)).live() for app in app_names(machine.layout.apps)
    }
    return [
        app
        for app, number in live.items()
        if number is not None and not sockets.listening(machine.layout.app(app).web_socket(number))
    ]


def _left_for_rebuild(machine: Machine, app: str, trouble: str, before: int) -> str:
    """Started, it would only crash. It is built again as soon as the boot is over."""
    machine.timers.wake(app, REBUILD_SECONDS + REBUILDS_APART_SECONDS * before)
    return f"{app}: {trouble}; it is built again next"


def _own(look: Callable[[], list[str]], where: str = "") -> list[str]:
    try:
        return [placed(did, where) for did in look()]
    except Exception as error:  # noqa: BLE001 - an app may run all the same
        return [_failed(error, where)]


def _live_instances(machine: Machine, records: AppRecords) -> list[Instance]:
    live = records.live()
    if live is None:
        return []
    return [one for one in wanted_instances(machine, records) if one.release == live]


def _open_fronts(machine: Machine, apps: list[str]) -> list[str]:
    did: list[str] = []
    for app in apps:
        records = AppRecords(machine.layout.app(app))
        try:
            machine.supervisor.open_front(app, records.settings().port, records.place.live_socket)
            reached(Point.BOOT_FRONT)
        except Exception as error:  # noqa: BLE001 - the same
            did.append(_failed(error, f"{app}: "))
    return did


def reconcile(machine: Machine, app: str, audience: Audience, *, deep: bool = False) -> list[str]:
    """Make one app as its records say; returns what was done, in words.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        deep: look at the owner of every file, not only of some.
    """
    return set_right(machine, app, audience, deep=deep) + bring_live(machine, app, audience)


def set_right(
    machine: Machine,
    app: str,
    audience: Audience,
    *,
    deep: bool = False,
    patience: float = WAIT_SECONDS,
) -> list[str]:
    """What runs and what lies about; nothing is built or deployed."""
    did: list[str] = []
    with app_lock(
        *(machine, app, audience, "reconcile", "reconciling"), tell=did.append, seconds=patience
    ) as records:
        did += own(machine, app, deep=True) if deep else []
        did += start_missing(machine, records)
        did += clean_up_locked(machine, records)
        did += adjust_backoff(machine, records)
        did += [] if fit.live_misfit(machine, records) else _repair(machine, records)
    return did


def bring_live(machine: Machine, app: str, audience: Audience) -> list[str]:
    """Build what has lost its Python or a part, deploy what the branch wants; may take hours."""
    trouble = fit.live_misfit(machine, AppRecords(machine.layout.app(app)))
    did = _rebuild(machine, app, audience, trouble) if trouble else []
    ended = converge(machine, app, audience, occasion=Occasion.TIMER, who="reconcile", after=None)
    if ended.attempt is not None:
        did.append(f"attempt {ended.attempt}: {ended.outcome}")
    return did


def _rebuild(machine: Machine, app: str, audience: Audience, trouble: str) -> list[str]:
    """Build the live release again, beside what may still run."""
    change = Change(Kind.REBUILD, "Build again")
    try:
        ended = change_release(machine, app, audience, change=change, who="reconcile")
    except UnavailableError as error:
        return [f"failed: {trouble}; {error.message} ({error.hint or fit.hint(app)})"]
    if ended.outcome is EndedAs.LIVE:
        return [trouble, f"built it again, as v{ended.release}"]
    why = f"{ended.text} ({ended.hint})" if ended.hint else ended.text
    return [Failed(f"{trouble}, and could not be built again: {why}")]


def reconcile_all(
    machine: Machine, audience: Audience, *, deep: bool = False, later: bool = False
) -> dict[str, list[str]]:
    """Every app; one that can't be reconciled, or takes long, does not hold up the others.

    What takes moments comes first, for all; then what is to be built and deployed.

    Args:
        machine: this one.
        audience: who is told.
        deep: look at the owner of every file, not only of some.
        later: have that done by itself, each app in a process of its own.
    """
    server = _own(lambda: own_server(machine, deep=deep))
    done, busy = _set_all_right(machine, audience, deep=deep)
    done |= _sweep(machine)
    proxy, ssh = _reconcile_proxy(machine), _look_at_ssh(machine)
    free = [one for one in app_names(machine.layout.apps) if one in done and one not in busy]
    for position, app in enumerate(free):
        try:
            if not later:
                done[app] += bring_live(machine, app, audience)
            elif _is_due(machine, app):
                done[app].append(_follows(machine, app, position))
        except Exception as error:  # noqa: BLE001 - as above
            done[app].append(_failed(error))
    for app in free:  # last: it may take long
        done[app] += _collect(machine, app)
    return {
        **({SERVER: server} if server else {}),
        **done,
        **({"nginx": proxy} if proxy else {}),
        **({"ssh": ssh} if ssh else {}),
    }


def _set_all_right(
    machine: Machine, audience: Audience, *, deep: bool
) -> tuple[dict[str, list[str]], set[str]]:
    """What was done to each app, and which are left to who holds them."""
    done: dict[str, list[str]] = {}
    busy: set[str] = set()
    for app in app_names(machine.layout.apps):
        try:
            with deadline(APP_SECONDS, f"reconciling `{app}`", machine.engine_log):
                done[app] = set_right(machine, app, audience, deep=deep, patience=PATIENCE_SECONDS)
        except BusyError as error:
            busy.add(app)
            done[app] = [f"left alone: {error.message}"]
        except Exception as error:  # noqa: BLE001 - also of our bug in one app
            done[app] = [_failed(error)]
    return done, busy


def _follows(machine: Machine, app: str, before: int) -> str:
    machine.timers.wake(app, LATER_SECONDS + before * APART_SECONDS)
    return "a deploy is due, and follows"


def _is_due(machine: Machine, app: str) -> bool:
    with deadline(APP_SECONDS, f"looking what `{app}` wants", machine.engine_log):
        records = AppRecords(machine.layout.app(app))
        return fit.live_misfit(machine, records) is not None or deploy_is_due(machine, records)


def _sweep(machine: Machine) -> dict[str, list[str]]:
    """What is half made or half destroyed."""
    done: dict[str, list[str]] = {}
    for app in half_destroyed(machine):
        done |= _finished(machine, app, finish_destroying, "finished destroying it")
    for app in half_made(machine):
        done |= _finished(machine, app, finish_unmaking, "removed it: its making had been killed")
    for app in without_settings(machine):
        helps = f"bring it back from a backup, or: pushdeploy apps:create {app}"
        done[app] = [f"failed: its settings.toml is gone, so nothing looks after it ({helps})"]
    for folder in machine.layout.apps.glob(f"{OLD}*"):  # of an app that is gone but for its files
        files.delete_tree(folder)
        reached(Point.APPS_SWEPT)
    _sweep_first_pushes(machine)
    return done


def _collect(machine: Machine, app: str) -> list[str]:
    try:
        if not is_due(machine, app):
            return []
        with deadline(COLLECT_SECONDS, f"packing the repo of `{app}`", machine.engine_log):
            room = collect(machine, app)
    except Exception as error:  # noqa: BLE001 - as above
        return [_failed(error)]
    before, after = format_size(room.before), format_size(room.after)
    return [f"packed its repo: {before} before, {after} now"]


def _sweep_first_pushes(machine: Machine) -> None:
    """Their repos are the git user's, and so is the hand that deletes them."""
    folder = machine.layout.first_pushes
    if folder.is_dir() and any(folder.iterdir()):
        machine.checkout_worker.ask("sweep_first_pushes", folder=str(folder))


def _finished(
    machine: Machine, app: str, finish: Callable[[Machine, str], bool], what: str
) -> dict[str, list[str]]:
    try:
        return {app: [what]} if finish(machine, app) else {}
    except Exception as error:  # noqa: BLE001 - as above
        return {app: [_failed(error)]}


def _reconcile_proxy(machine: Machine) -> list[str]:
    """Nginx serves what the settings say, and shows the certificates that lie on the disk."""
    try:
        did = [f"wrote {name}" for name in sites.apply_sites(machine)]
        did += [f"loaded the certificate of {name}" for name in certificates.renewed(machine)]
        return did + [_in_the_way(one) for one in obstacles.of_visitors(machine)]
    except Exception as error:  # noqa: BLE001 - what was done to the apps is to be told
        return [_failed(error)]


def _look_at_ssh(machine: Machine) -> list[str]:
    """Whether whoever may push can log in."""
    try:
        return [_in_the_way(one) for one in obstacles.of_pushes(machine)]
    except Exception as error:  # noqa: BLE001 - as above
        return [_failed(error)]


def _in_the_way(one: Obstacle) -> Failed:
    return Failed(f"{one.text} ({one.hint})")


def _failed(error: Exception, where: str = "") -> Failed:
    """In words; of our own bug the traceback goes to the engine's records."""
    known = error if isinstance(error, PushdeployError) else refused_by_disk(error)
    if known is not None:
        return Failed(f"{where}{known.message}")
    log.bug(error)
    return Failed(f"{where}pushdeploy itself failed: {error!r}")


def _repair(machine: Machine, records: AppRecords) -> list[str]:
    """What hangs is restarted, as by the watchdog; so is what lost its socket."""
    if records.current() is not None:
        web = wanted_instances(machine, records)[0]
        if web.socket is not None and not sockets.listening(web.socket):
            return [restart(machine, web)]
    return restart_hung(machine, records)
