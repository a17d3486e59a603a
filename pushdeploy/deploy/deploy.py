"""Deploy: one commit, from the repo to live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.apps.storage import make_storage
from pushdeploy.build.build import build
from pushdeploy.build.build_step import built_code, with_code
from pushdeploy.build.pre_compile import pre_compiled
from pushdeploy.deploy.checkout import checkout
from pushdeploy.deploy.declared import apply_collected, apply_declared, environment_for
from pushdeploy.deploy.go_live import go_live, went_live
from pushdeploy.deploy.release import write_release
from pushdeploy.deploy.release_phase import release_phase
from pushdeploy.deploy.system_packages import have_system_packages
from pushdeploy.deploy.warnings import warnings
from pushdeploy.events import (
    DatabaseWanted,
    FilesPassedOver,
    OneShotsFound,
    PostdeployFound,
    ProcessTypesFound,
    Report,
    WorkersDefaulted,
)
from pushdeploy.model.appjson import AppJson, parse_app_json
from pushdeploy.model.formation import is_one_shot
from pushdeploy.model.procfile import Procfile, parse_procfile
from pushdeploy.model.release import Binding, Kind, Release
from pushdeploy.model.web_server import web_server
from pushdeploy.records.app_records import read_release_or_none
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.build.build import Venv
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords


def deploy(
    machine: Machine, records: AppRecords, revision: str, who: str, attempt: int, report: Report
) -> Release:
    """Make a revision live.

    Until the switch nothing that is live is touched, except for what `release:` does.

    Raises:
        RefusedInputError: the tree can't be deployed.
        DeployFailedError: a step failed.
    """
    began = machine.monotonic()
    app = records.place.name
    settings = records.settings()
    for trouble in warnings(records, machine.now()):
        report(trouble)
    tree = checkout(machine, app, revision, settings, report)
    procfile = parse_procfile(tree.procfile)
    _app_json(tree)  # what is wrong with it is said before anything is built
    _tell_of_tree(tree, procfile, report)
    _tell_of_workers(records, tree, procfile, report)
    environment = environment_for(records, tree, report)
    _tell_of_databases(app, tree, environment, report)
    if tree.system_packages:
        have_system_packages(machine, settings, tree, report)
    tree = pre_compiled(machine, records, tree, environment, report)
    venv = build(machine, app, tree, procfile, report)
    code = built_code(machine, records, tree, venv, environment, report)
    release = with_code(new_release(records, tree, procfile, venv, who, machine.now()), code)
    records.note_attempt(attempt, commit=tree.commit.id, release=release.number)
    reached(Point.RELEASE_NUMBERED)
    make_storage(machine, app, tree.storage)
    write_release(machine, release, environment)
    release_phase(machine, records, attempt, release, report)
    former = records.live_release()
    previous = go_live(machine, records, release, report, kind=Kind.DEPLOY, who=who)
    apply_declared(machine, records, release, former, report)
    apply_collected(machine, records, release, report)
    if previous is None and (command := _app_json(tree).postdeploy):
        report(PostdeployFound(command, app))
    report(went_live(machine, records, release, began))
    return release


def _tell_of_tree(tree: Tree, procfile: Procfile, report: Report) -> None:
    """What is found in it, and what is passed over."""
    types = tuple(line.name for line in procfile.lines)
    report(ProcessTypesFound(types, tree.guessed, procfile.web.command if tree.guessed else ""))
    if tree.foreign:
        report(FilesPassedOver(tree.foreign))


def _tell_of_databases(app: str, tree: Tree, environment: Environment, report: Report) -> None:
    """Those that app.json asks for, and that nobody has created."""
    if '"addons"' not in tree.app_json:
        return
    from pushdeploy.model.database import NAMES  # noqa: PLC0415 - few repos need them
    from pushdeploy.model.platform_files import wanted_databases  # noqa: PLC0415
    from pushdeploy.model.supply import VARIABLES, create  # noqa: PLC0415

    for kind in wanted_databases(tree.app_json):
        if VARIABLES[kind] not in environment.values:
            report(DatabaseWanted(NAMES[kind], VARIABLES[kind], create(kind, app)))


def _tell_of_workers(records: AppRecords, tree: Tree, procfile: Procfile, report: Report) -> None:
    """Which process types run once, or not at all, because nobody has said how often.

    Of the first release: all. Later: those that are new and do not run.
    """
    live, app = records.live(), records.place.name
    said = {*records.settings().formation.quantities, *dict(tree.settings.scale)}
    types = tuple(line.name for line in procfile.workers if line.name not in said)
    once = tuple(name for name in types if not is_one_shot(name))
    idle = tuple(name for name in types if is_one_shot(name))
    if once and live is None:
        report(WorkersDefaulted(once, app))
    if idle and live is not None:  # read only where there are any: most have none
        known = read_release_or_none(records, live)
        idle = tuple(name for name in idle if known is None or known.procfile.get(name) is None)
    if idle:
        report(OneShotsFound(idle, app))


def new_release(
    records: AppRecords, tree: Tree, procfile: Procfile, venv: Venv, who: str, at: float
) -> Release:
    """What a commit comes to, as the next release."""
    app_json = _app_json(tree)
    return Release(
        app=records.place.name,
        number=records.next_release(),
        kind=Kind.DEPLOY,
        description=f"Deploy {tree.commit.short}",
        who=who,
        at=at,
        commit=tree.commit,
        slug=tree.slug,
        venv=venv.key,
        python=venv.python,
        interpreter=venv.interpreter,
        procfile=procfile,
        binding=_binding(procfile, tree.settings.web),
        checks=app_json.healthchecks,
        storage=tree.storage,
        settings=tree.settings,
        cron=app_json.cron,
        backup_pre=app_json.backup_pre,
        backup_post=app_json.backup_post,
    )


def _app_json(tree: Tree) -> AppJson:
    return parse_app_json(tree.app_json) if tree.app_json else AppJson()


def _binding(procfile: Procfile, forced: str | None) -> Binding:
    if forced is not None:
        return Binding(forced)
    if not procfile.has_web:
        return Binding.SOCKET
    return Binding.SOCKET if web_server(procfile.web.command) else Binding.PORT
