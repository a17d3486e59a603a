"""Apps: made by the first push or by `apps:create`, destroyed only on purpose."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.hogs import stop_hogs
from pushdeploy.errors import (
    BusyError,
    NotFoundError,
    PushdeployError,
    RefusedInputError,
    UnavailableError,
    UsageError,
)
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.app_layout import DESTROYED
from pushdeploy.model.database import COMMANDS, NAMES, SQL, Database, sql_name
from pushdeploy.model.ports import FRONTS
from pushdeploy.model.settings import AppSettings
from pushdeploy.proxy import bare_address
from pushdeploy.proxy.certificates import forget
from pushdeploy.proxy.sites import apply_sites
from pushdeploy.records.app_records import AppRecords, readable_settings
from pushdeploy.system import files
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout

FIRST_BRANCH = "main"


def create_app(machine: Machine, name: str, *, port: int | None = None, first: str = "") -> bool:
    """Make an app, or fix the one that is there; returns False when it was there.

    What was made is removed when the rest can't be; when this is killed, `reconcile` does it.

    Args:
        machine: this one.
        name: the app's.
        port: of its front; the next free one when there is none.
        first: the name of a first push's own repo, which becomes the app's.

    Raises:
        UsageError: the name is not an app name, or another app has the port.
        UnavailableError: somebody listens on the port; or the app is there, and nginx refuses to
            serve it, for a fault that may be in somebody else's file.
        BusyError: another one of that name was destroyed at this moment.
    """
    app = parse_app_name(name)
    machine.layout.apps.mkdir(parents=True, exist_ok=True)
    finish_destroying(machine, app)
    with _lock(machine, "making an app"):
        place = machine.layout.app(app)
        if place.destroyed.exists():
            raise BusyError(f"`{app}` is being destroyed", hint=f"pushdeploy apps:create {app}")
        new = not place.settings.exists()
        if new:
            chosen = choose_port(machine, app, port)
            try:
                _make(machine, place, chosen, first)
            except Exception:
                with suppress(OSError, PushdeployError):  # the reason is what counts
                    if _is_half_made(place):
                        _unmake(machine, place)
                raise
        fence_ports(machine)
        _serve(machine)
        return new


def check_app(machine: Machine, name: str) -> None:
    """See that an app of this name can be made; makes nothing, and says nothing of one that is.

    Raises:
        UnavailableError: a user of its name is somebody else's, or no port is free.
    """
    if not machine.layout.app(name).settings.exists():
        machine.accounts.refuse_foreign(name)
        choose_port(machine, name, None)


def take_first_push(machine: Machine, app: str, first: str) -> PushdeployError | None:
    """Make the app that was pushed to before it was there; nothing, when that was done already.

    A fault of nginx does not stop it, and is returned.

    Raises:
        BusyError: another push has made it at this moment.
    """
    repo = machine.layout.first_pushes / first
    place = machine.layout.app(app)
    try:
        made = create_app(machine, app, first=first)
    except UnavailableError as error:
        if not place.settings.exists() or (repo / "HEAD").exists():
            raise
        return error
    if not made and (repo / "HEAD").exists():
        raise BusyError(f"another push has just made `{app}`", hint="push again")
    return None


def _make(machine: Machine, place: AppLayout, port: int, first: str) -> None:
    """The app exists when its settings do: they come last."""
    machine.accounts.ensure(place.name)
    files.sync_folder(machine.layout.apps)  # else a power cut may bring `destroyed` back
    taken = str(machine.layout.first_pushes / first) if first else ""
    machine.checkout_worker.ask("make_repo", repo=str(place.repo), branch=FIRST_BRANCH, taken=taken)
    AppRecords(place).save_settings(AppSettings(port=port))


def half_made(machine: Machine) -> list[str]:
    """Apps whose making was killed: a folder with nothing in it that anybody could miss."""
    found = [path.name for path in machine.layout.apps.glob("[a-z]*") if path.is_dir()]
    return sorted(app for app in found if _is_half_made(machine.layout.app(app)))


def without_settings(machine: Machine) -> list[str]:
    """Apps that have lost their settings, and so are none to anybody, though there is more."""
    found = [path.name for path in machine.layout.apps.glob("[a-z]*") if path.is_dir()]
    places = (machine.layout.app(app) for app in sorted(found))
    return [one.name for one in places if not one.settings.exists() and not _is_half_made(one)]


def finish_unmaking(machine: Machine, app: str) -> bool:
    """Remove what the killed making of an app has left; returns False when there is nothing."""
    place = machine.layout.app(app)
    with _lock(machine, "removing half an app"):
        if not _is_half_made(place):
            return False
        _unmake(machine, place)
    return True


def _is_half_made(place: AppLayout) -> bool:
    if place.settings.exists():
        return False
    folders = (place.releases, place.shared, place.slugs, place.venvs)
    if any(folder.is_dir() and any(folder.iterdir()) for folder in folders):
        return False
    records = (place.attempts, place.history, place.pending_environment, place.current)
    return not any(one.is_symlink() or (one.exists() and one.stat().st_size) for one in records)


def _unmake(machine: Machine, place: AppLayout) -> None:
    """Nothing of it ever ran; the caller has the lock of all apps."""
    if place.root.exists():
        place.root.rename(place.destroyed)
        files.sync_folder(machine.layout.apps)
        files.delete_tree(place.run)
        files.delete_tree(place.log)
        machine.accounts.remove(place.name)
        files.delete_tree(place.destroyed)


def destroy_app(machine: Machine, app: str, *, who: str) -> None:
    """Stop an app and delete everything of it, its storage too.

    Its folder gets another name first, and has that until nothing else is left: when this is
    killed, `reconcile` sees it and does the rest, and so does who makes an app of the same name.

    Raises:
        NotFoundError: there is no such app.
        UnavailableError: it still has a database. Or nginx refuses to go on without it; `reconcile`
            tries again.
    """
    place = machine.layout.app(app)
    with held(place.lock, who=who, what="destroying the app"):
        if databases := _databases(machine, place):
            raise _has_database(app, databases[0])
        with _lock(machine, "destroying an app"):  # whose holders read the settings of all apps
            place.root.rename(place.destroyed)
            files.sync_folder(machine.layout.apps)
        _delete(machine, place)


def _databases(machine: Machine, place: AppLayout) -> tuple[Database, ...]:
    """Those that it has; when its settings can't be read, those that are found."""
    try:
        return AppRecords(place).settings().databases
    except RefusedInputError:
        name = sql_name(place.name)
        found = tuple(kind for kind in SQL if machine.sql(kind).has(name))
        return (*found, *((Database.REDIS,) if place.redis.exists() else ()))


def _has_database(app: str, kind: Database) -> UnavailableError:
    """What lies outside of the app's folder is deleted only on purpose."""
    return UnavailableError(
        f"`{app}` still has a {NAMES[kind]} database, which would be lost",
        hint=f"pushdeploy {COMMANDS[kind]}:destroy --app {app} --confirm {app} --force",
    )


def finish_destroying(machine: Machine, app: str) -> bool:
    """Do what is left of a destroying that was killed; waits for one that goes on.

    Returns False when there was nothing to do.
    """
    place = machine.layout.app(app)
    if place.destroyed.exists():
        lock = place.destroyed / place.lock.name
        with suppress(NotFoundError), held(lock, who="pushdeploy", what="destroying the app"):
            _delete(machine, place)
            return True
    return False


def half_destroyed(machine: Machine) -> list[str]:
    """Apps whose destroying was killed or goes on."""
    found = machine.layout.apps.glob(f"{DESTROYED}*")
    return sorted(path.name.removeprefix(DESTROYED) for path in found)


def _delete(machine: Machine, place: AppLayout) -> None:
    """All that is the app's; at last the folder that says so, whose lock is held."""
    app = place.name
    machine.schedules.apply(app, ())
    machine.supervisor.stop_jobs(app)
    machine.supervisor.close_front(app)
    machine.supervisor.forget(app, [one.unit for one in machine.supervisor.statuses(app)])
    machine.supervisor.end_all(app)
    files.delete_tree(place.run)
    files.delete_tree(place.log)
    machine.accounts.remove(app)
    fence_ports(machine)
    with _lock(machine, "destroying an app"):
        bare_address.give_up(machine, app)
        _serve(machine)
    _forget_certificate(machine, app)
    files.delete_tree(place.destroyed)


def _lock(machine: Machine, what: str) -> AbstractContextManager[None]:
    """Of which apps there are, and how they are served. Whoever holds an app may ask for it."""
    return held(machine.layout.apps_lock, who="pushdeploy", what=what)


def _serve(machine: Machine) -> None:
    apply_sites(machine)


def _forget_certificate(machine: Machine, app: str) -> None:
    forget(machine, app)


def choose_port(machine: Machine, app: str, wanted: int | None = None) -> int:
    """A port for an app: the one that is wanted, or the next that is free.

    Raises:
        UsageError: another app has it.
        UnavailableError: somebody listens there, or none is free.
    """
    others, _ = readable_settings(machine.layout)
    taken = {settings.port: other for other, settings in others.items()}
    if wanted is not None:
        if wanted in taken:
            raise UsageError(
                f"port {wanted} belongs to the app `{taken[wanted]}`",
                hint=f"pushdeploy apps:create {app} --port {machine.ports.another(wanted, taken)}",
            )
        holder = machine.ports.holder(wanted)
        if holder is not None:
            another = machine.ports.another(wanted, taken)
            raise UnavailableError(
                f"port {wanted} is taken by {holder}",
                hint=f"stop it, or: pushdeploy apps:create {app} --port {another}",
            )
        return wanted
    free = [one for one in FRONTS if one not in taken]
    port = machine.ports.free(free)
    if port is None and stop_hogs(machine):
        port = machine.ports.free(free)
    if port is None:
        raise UnavailableError(
            f"no port between {FRONTS[0]} and {FRONTS[-1]} is free", hint="ss -tuanp"
        )
    return port
