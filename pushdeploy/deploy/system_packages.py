"""What an Aptfile names: installed before the build where root allows it, else only named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import DeployFailedError, UnavailableError
from pushdeploy.events import Report, SystemPackagesInstalled, SystemPackagesInstalling, Warned
from pushdeploy.model.aptfile import advice

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.model.tree import Tree


def have_system_packages(
    machine: Machine, settings: AppSettings, tree: Tree, report: Report
) -> None:
    """See that the system packages are there, or say which are not.

    Raises:
        DeployFailedError: they could not be installed.
    """
    lacking = machine.packages.missing(tree.system_packages)
    if not lacking:
        return
    if not settings.system_packages:
        report(Warned(*advice(lacking)))
        return
    report(SystemPackagesInstalling(lacking))
    began = machine.monotonic()
    try:
        machine.packages.install(lacking)
    except UnavailableError as error:
        raise DeployFailedError(error.message, hint=error.hint) from error
    report(SystemPackagesInstalled(machine.monotonic() - began))
