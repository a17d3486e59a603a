"""Reconcile: after a boot, a crash or a kill, make everything as the records say. Twice is once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.apps.collect import collect, is_due
from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.lifecycle import (
    finish_destroying,
    finish_unmaking,
    half_destroyed,
    half_made,
    without_settings,
)
from pushdeploy.apps.restore import own, own_server
from pushdeploy.build.old_pythons import remove_old
from pushdeploy.deploy import fit
from pushdeploy.deploy.attempt import Audience, app_lock
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.deploy.cleanup import clean_up_locked, wanted_instances
from pushdeploy.deploy.converge import converge, deploy_is_due
from pushdeploy.deploy.start_missing import start_missing
from pushdeploy.errors import BusyError, UnavailableError
from pushdeploy.model.app_layout import OLD
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.failed import Failed
from pushdeploy.model.release import Kind
from pushdeploy.model.size import format_size
from pushdeploy.proxy import certificates, sites
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.schedules.follow import follow_live
from pushdeploy.system import files, sockets
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import WAIT_SECONDS
from pushdeploy.system.own_limits import deadline
from pushdeploy.watch import obstacles
from pushdeploy.watch.account import failed, told
from pushdeploy.watch.databases import check_databases
from pushdeploy.watch.restart_hung import adjust_backoff, restart, restart_hung

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.watch.obstacles import Obstacle

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
        did += check_databases(machine, app, records.settings())
        did += start_missing(machine, records)
        did += follow_live(machine, records)
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
    server = told(lambda: own_server(machine, deep=deep))
    server += _remove_old_pythons(machine)
    fence_ports(machine)  # somebody may have flushed all of the kernel's tables
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
            done[app].append(failed(error))
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
            done[app] = [failed(error)]
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


def _remove_old_pythons(machine: Machine) -> list[str]:
    try:
        return remove_old(machine)
    except BusyError:  # one is being fetched
        return []
    except Exception as error:  # noqa: BLE001 - as above
        return [failed(error)]


def _collect(machine: Machine, app: str) -> list[str]:
    try:
        if not is_due(machine, app):
            return []
        with deadline(COLLECT_SECONDS, f"packing the repo of `{app}`", machine.engine_log):
            room = collect(machine, app)
    except Exception as error:  # noqa: BLE001 - as above
        return [failed(error)]
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
        return {app: [failed(error)]}


def _reconcile_proxy(machine: Machine) -> list[str]:
    """Nginx serves what the settings say, and shows the certificates that lie on the disk."""
    try:
        did = [f"wrote {name}" for name in sites.apply_sites(machine)]
        did += [f"loaded the certificate of {name}" for name in certificates.renewed(machine)]
        return did + [_in_the_way(one) for one in obstacles.of_visitors(machine)]
    except Exception as error:  # noqa: BLE001 - what was done to the apps is to be told
        return [failed(error)]


def _look_at_ssh(machine: Machine) -> list[str]:
    """Whether whoever may push can log in."""
    try:
        return [_in_the_way(one) for one in obstacles.of_pushes(machine)]
    except Exception as error:  # noqa: BLE001 - as above
        return [failed(error)]


def _in_the_way(one: Obstacle) -> Failed:
    return Failed(f"{one.text} ({one.hint})")


def _repair(machine: Machine, records: AppRecords) -> list[str]:
    """What hangs is restarted, as by the watchdog; so is what lost its socket."""
    for web in wanted_instances(machine, records)[:1]:  # there may be only workers
        if web.socket is not None and not sockets.listening(web.socket):
            return [restart(machine, web)]
    return restart_hung(machine, records)
