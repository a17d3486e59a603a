"""Rebuild: a release again with a venv for the Python of now, as a new release.

Its own venv is never changed: what runs from it goes on, and serves until the new one is healthy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build.build import build
from pushdeploy.build.build_step import built_code, with_code
from pushdeploy.build.pre_compile import pre_compiled
from pushdeploy.deploy import fit
from pushdeploy.deploy.checkout import checkout
from pushdeploy.deploy.deploy import new_release
from pushdeploy.errors import DeployFailedError, RefusedInputError
from pushdeploy.events import Report, Warned
from pushdeploy.model.procfile import parse_procfile

if TYPE_CHECKING:
    from pushdeploy.build.build import Venv
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.procfile import Procfile
    from pushdeploy.model.release import Release
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords


def fitting(
    machine: Machine, records: AppRecords, release: Release, report: Report, *, warns: bool = True
) -> Release:
    """The same release if its venv fits, else one with a venv that does, of the same number.

    Raises:
        DeployFailedError: it could not be built.
    """
    trouble = fit.misfit(machine, release)
    if trouble is None:
        return release
    if warns:
        report(Warned(f"{trouble}; it is built again"))
    return rebuilt(machine, records, release, report)


def remade(machine: Machine, records: AppRecords, report: Report) -> Release:
    """The live release, whose record is gone, from the commit that it was made from.

    Raises:
        DeployFailedError: it could not be built.
    """
    app, commit = records.place.name, records.live_commit() or ""
    report(Warned(f"v{records.live()} has lost its record; it is built again"))
    tree = checkout(machine, app, commit, records.settings(), report)
    procfile, environment = parse_procfile(tree.procfile), records.environment()
    tree = pre_compiled(machine, records, tree, environment, report)
    venv = _built(machine, app, tree, procfile, report)
    code = built_code(machine, records, tree, venv, environment, report)
    return with_code(new_release(records, tree, procfile, venv, "", machine.now()), code)


def rebuilt(
    machine: Machine, records: AppRecords, release: Release, report: Report, *, fresh: bool = False
) -> Release:
    """A release with a venv that is made for the Python of now.

    Args:
        machine: this one.
        records: the app's records.
        release: what to build again, from the commit that it was made from.
        report: who is told.
        fresh: also if there is one that fits.

    Raises:
        DeployFailedError: it could not be built.
    """
    tree = checkout(machine, release.app, release.commit.id, records.settings(), report)
    environment = records.environment_of(release.number)
    tree = pre_compiled(machine, records, tree, environment, report)
    venv = _built(machine, release.app, tree, release.procfile, report, fresh=fresh)
    code = built_code(machine, records, tree, venv, environment, report)
    return replace(
        with_code(release, code),
        storage=tree.storage,
        venv=venv.key,
        python=venv.python,
        interpreter=venv.interpreter,
    )


def _built(
    machine: Machine,
    app: str,
    tree: Tree,
    procfile: Procfile,
    report: Report,
    *,
    fresh: bool = False,
) -> Venv:
    """Its venv; says what helps when it could not be built."""
    try:
        return build(machine, app, tree, procfile, report, fresh=fresh)
    except RefusedInputError as error:  # the Python that the repo asks for is gone
        raise DeployFailedError(error.message, hint=error.hint) from error
    except DeployFailedError as error:
        raise DeployFailedError(
            error.message,
            hint=f"when the server reaches its package registry: {fit.hint(app)}",
            report=error.report,
        ) from error
