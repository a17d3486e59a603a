"""What the engine can be asked to do: one function a verb, rights checked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy import apps, bare_address, renew, rollback
from pushdeploy.deploy.attempt import app_lock
from pushdeploy.deploy.branch import choose_branch, set_first_branch
from pushdeploy.deploy.collect import collect
from pushdeploy.deploy.converge import converge, deploy_revision
from pushdeploy.deploy.first_push import parse_first_push
from pushdeploy.deploy.instances import workers_by_config_var
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.keep_wheels import clear_cache
from pushdeploy.deploy.owners import own
from pushdeploy.deploy.reconcile import boot_all, reconcile, reconcile_all
from pushdeploy.engine.caller import caller
from pushdeploy.errors import NotFoundError, UsageError
from pushdeploy.events import Warned
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.formation import parse_scale
from pushdeploy.model.refname import parse_branch_name, parse_git_setting
from pushdeploy.model.release import Kind, parse_release_name
from pushdeploy.model.revision import parse_revision
from pushdeploy.model.scaling import refuse_without_effect
from pushdeploy.model.storage import parse_new_folder, parse_storage_folder, storage_set

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience, Ended
    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.errors import PushdeployError
    from pushdeploy.events import Report
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.system.locks import Holder

Request = Mapping[str, Any]


def app_of(request: Request) -> str:
    """The app's name, checked."""
    return parse_app_name(str(request.get("app", "")))


def _ended(ended: Ended) -> dict[str, Any]:
    return asdict(ended)


def _apps_create(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    app, port = app_of(request), request.get("port")
    bare = bare_address.shown(machine)
    made = apps.create_app(machine, app, port=None if port is None else int(port))
    settings = Journal(machine.layout.app(app)).settings()
    note = bare_address.note(machine, app, bare)
    return {"app": app, "made": made, "port": settings.port, "note": note}


def _apps_check(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    """Whether an app of this name could be made now, before git stores its first push."""
    caller(machine, session, request)
    app = app_of(request)
    apps.check_app(machine, app)
    return {"app": app}


def _apps_destroy(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, app = caller(machine, session, request), app_of(request)
    if request.get("confirm") != app:
        raise UsageError(
            f"destroying `{app}` deletes its releases, config vars and storage",
            hint=f"pushdeploy apps:destroy --app {app} --confirm {app}",
        )
    bare = bare_address.shown(machine)
    apps.destroy_app(machine, app, who=who)
    return {"app": app, "note": bare_address.note(machine, app, bare)}


def _receive(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    """Where the app's repo is; its branch and newest attempt."""
    caller(machine, session, request)
    app = app_of(request)
    place = machine.layout.app(app)
    if not place.settings.exists():
        raise NotFoundError(f"there is no app `{app}`", hint=f"pushdeploy apps:create {app}")
    did = own(machine, app)  # git would refuse a repo that is somebody else's
    journal = Journal(place)
    return {
        "did": did,
        "repo": str(place.repo),
        "branch": journal.settings().branch,
        "after": max((one.number for one in journal.attempts()), default=0),
    }


@dataclass(frozen=True, slots=True)
class Forewarned:
    """An audience that is told of a trouble first."""

    audience: Audience
    trouble: PushdeployError

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""
        self.audience.waiting(holder)

    def begin(self, app: str, attempt: int) -> Report:
        """The attempt has its number."""
        report = self.audience.begin(app, attempt)
        report(Warned(self.trouble.message, self.trouble.hint or ""))
        return report


def _converge(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, app = caller(machine, session, request), app_of(request)
    branch = str(request.get("branch") or "")
    audience: Audience = session
    if first := str(request.get("first") or ""):
        trouble = apps.take_first_push(machine, app, parse_first_push(first))
        audience = session if trouble is None else Forewarned(session, trouble)
    if branch and Journal(machine.layout.app(app)).settings().branch == "":
        set_first_branch(machine, app, parse_branch_name(branch))
    after, pushed = int(request.get("after", 0)), str(request.get("pushed") or "")
    return _ended(
        converge(
            machine, app, audience, occasion=Occasion.PUSH, who=who, after=after, pushed=pushed
        )
    )


def _git_set(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    app, name = app_of(request), parse_git_setting(str(request.get("name")))
    branch = parse_branch_name(str(request.get("value")))
    return {
        "app": app,
        "name": name,
        "value": branch,
        "before": choose_branch(machine, app, branch),
    }


def _git_gc(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, app = caller(machine, session, request), app_of(request)
    with app_lock(machine, app, session, who, "collecting the repo"):
        return {"app": app, **asdict(collect(machine, app, now=True))}


def _deploy(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, app, named = caller(machine, session, request), app_of(request), request.get("revision")
    revision = "" if named is None else parse_revision(str(named), app)
    if not revision and not Journal(machine.layout.app(app)).settings().branch:
        raise NotFoundError(f"nothing was pushed to `{app}` yet", hint="git push production main")
    return _ended(deploy_revision(machine, app, session, revision=revision, who=who))


def _rollback(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    who, name = caller(machine, session, request), request.get("release")
    number = None if name is None else parse_release_name(str(name))
    return _ended(rollback.rollback(machine, app_of(request), session, number=number, who=who))


def _renew(
    make: Callable[[Machine, Request], renew.Change],
) -> Verb:
    def verb(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
        who = caller(machine, session, request)
        change = make(machine, request)
        return _ended(renew.renew(machine, app_of(request), session, change=change, who=who))

    return verb


def _restart(_: Machine, __: Request) -> renew.Change:
    return renew.Change(Kind.RESTART, "Restart")


def _rebuild(machine: Machine, request: Request) -> renew.Change:
    app = app_of(request)
    if Journal(machine.layout.app(app)).current() is None:
        raise NotFoundError(f"nothing of `{app}` is live yet", hint="git push production main")
    return renew.Change(Kind.REBUILD, "Rebuild", fresh=True)


def _config_set(_: Machine, request: Request) -> renew.Change:
    values = {str(name): str(value) for name, value in dict(request["values"]).items()}
    return renew.Change(
        Kind.CONFIG,
        f"Set {', '.join(values)} config vars",
        environment=lambda before: before.set(values),
    )


def _config_unset(_: Machine, request: Request) -> renew.Change:
    names = [str(name) for name in request["names"]]

    def without(before: Environment) -> Environment:
        missing = [name for name in names if name not in before.values]
        if missing:
            raise NotFoundError(
                f"`{missing[0]}` is not set", hint=f"pushdeploy config --app {app_of(request)}"
            )
        return before.unset(names)

    return renew.Change(Kind.CONFIG, f"Unset {', '.join(names)} config vars", environment=without)


def _scale(machine: Machine, request: Request) -> renew.Change:
    words = [str(word) for word in request["changes"]]
    changes = parse_scale(words)
    journal = Journal(machine.layout.app(app_of(request)))
    current = journal.current()
    if current is not None:
        types = [line.name for line in current.procfile.lines if line.name != "release"]
        for change in changes:
            if change.name not in types:
                raise NotFoundError(
                    f"the Procfile of `{current.app}` has no `{change.name}`; "
                    f"it has: {', '.join(types)}",
                    hint=f"pushdeploy ps --app {current.app}",
                )

        line = next((one.command for one in current.procfile.lines if one.name == "web"), "")
        refuse_without_effect(line, changes, workers_by_config_var(journal.environment()))

    def scaled(before: AppSettings) -> AppSettings:
        return before.changed(formation=before.formation.scaled(changes))

    return renew.Change(Kind.SCALE, f"Scale {' '.join(words)}", settings=scaled)


def _storage_add(_: Machine, request: Request) -> renew.Change:
    folder = parse_new_folder(str(request.get("folder", "")), app_of(request))
    return renew.Change(
        Kind.STORAGE,
        f"Add storage {folder}/",
        settings=lambda before: before.changed(storage=storage_set([*before.storage, folder])),
    )


def _storage_remove(_: Machine, request: Request) -> renew.Change:
    folder, app = parse_storage_folder(str(request.get("folder", ""))), app_of(request)

    def without(before: AppSettings) -> AppSettings:
        if folder not in before.storage:
            raise NotFoundError(
                f"`{folder}` is no storage folder", hint=f"pushdeploy storage --app {app}"
            )
        return before.changed(storage=tuple(one for one in before.storage if one != folder))

    return renew.Change(Kind.STORAGE, f"Remove storage {folder}/", settings=without)


def _clear_cache(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    who, app = caller(machine, session, request), app_of(request)
    with app_lock(machine, app, session, who, "the clearing of a cache"):
        clear_cache(machine, app)
    return {"app": app}


def _reconcile(machine: Machine, session: Session, request: Request) -> dict[str, list[str]]:
    caller(machine, session, request)
    if request.get("boot"):
        return {"boot": boot_all(machine)}
    deep = bool(request.get("deep"))
    if request.get("app"):
        app = app_of(request)
        return {app: reconcile(machine, app, session, deep=deep)}
    return reconcile_all(machine, session, deep=deep, later=bool(request.get("later")))


CHANGING: Mapping[str, Verb] = {
    "apps.check": _apps_check,
    "apps.create": _apps_create,
    "apps.destroy": _apps_destroy,
    "receive": _receive,
    "converge": _converge,
    "git.gc": _git_gc,
    "git.set": _git_set,
    "deploy": _deploy,
    "rollback": _rollback,
    "restart": _renew(_restart),
    "rebuild": _renew(_rebuild),
    "config.set": _renew(_config_set),
    "config.unset": _renew(_config_unset),
    "scale": _renew(_scale),
    "storage.add": _renew(_storage_add),
    "storage.remove": _renew(_storage_remove),
    "reconcile": _reconcile,
    "builds.clear_cache": _clear_cache,
}
"""Verbs that change something."""
