"""Have Poetry, PDM or Pipenv write what their lock has for production as requirements for uv.

Each lock is read by the tool that owns the format. The tool is a venv of its own, made from wheels
alone at versions of ours and kept until they change. It obeys the repo, so it runs in a job that
may write one folder, and sees no cache that a later build trusts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.build import exporter
from pushdeploy.build.make_venv import output, progress
from pushdeploy.build.recipe import PINS, pyproject_of, refuse_unknown
from pushdeploy.build.venv_jobs import argv, fetch, hidden
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, Report
from pushdeploy.model.app_layout import COMPLETE, EXPORTER
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import Job, JobKind
from pushdeploy.system import files, uv
from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.build.venv_jobs import VenvPlan
    from pushdeploy.model.tree import Tree
    from pushdeploy.system import pythons

EXPORT_SECONDS = 300.0
"""A lock of a thousand packages, on a slow server."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """A tool, and how it prints a lock as requirements."""

    name: str
    command: tuple[str, ...]
    does: str = "reads its own lock"

    def packages(self) -> Path:
        """The file with the versions that the tool is made of."""
        return resource("templates") / "exporters" / f"{self.name}.txt"

    def words(self, groups: Sequence[str], extras: Sequence[str]) -> list[str]:
        """What it is told, for production and some groups beside it."""
        if self.name == "pipenv":
            return [*self.command, f"--categories={' '.join(('packages', *groups))}"]
        if self.name == "pdm":
            named = [f"--group={name}" for name in (*groups, *extras)]
            return [*self.command, *(named if groups else ["--prod", *named])]
        only = f"--only={','.join(('main', *groups))}"
        return [*self.command, only, *(f"--extras={name}" for name in extras)]


EXPORTERS = {
    Source.POETRY: Exporter(
        "poetry",
        (
            "export",
            "--format=requirements.txt",
            "--with-credentials",
            "--no-interaction",
            "--no-ansi",
        ),
    ),
    Source.PDM: Exporter("pdm", ("export", "--format=requirements")),
    Source.PIPENV: Exporter("pipenv", ("requirements", "--hash")),
}


def export(plan: VenvPlan, report: Report) -> None:
    """Write the pins of a tree where the next job finds them; nothing for other lists.

    Raises:
        DeployFailedError: the tool could not be had, or could not read its lock.
    """
    source, place = plan.tree.source, plan.place
    tool = EXPORTERS.get(source)
    if tool is None:
        return
    tools = with_tool(plan, tool, report)
    files.delete_tree(place.exported)
    plan.machine.accounts.own_work(plan.app, (place.exported,))
    status = plan.machine.supervisor.once(_job(tools, tool), output(report))
    if status != 0:
        raise DeployFailedError(
            f"{tool.name} can't read `{source}` (status {status})",
            hint=f"run `{tool.name} lock`, commit {source}, and push again",
        )


def with_tool(plan: VenvPlan, tool: Exporter, report: Report) -> VenvPlan:
    """The plan with the tool's own venv, which is made if it is not there.

    Raises:
        DeployFailedError: the tool could not be had.
    """
    tools = replace(plan, venv=plan.place.venvs / key(tool, plan.python))
    if not (tools.venv / COMPLETE).exists():
        _fetch(tools, tool, report)
    return tools


def key(tool: Exporter, python: pythons.Interpreter) -> str:
    """The name of the tool's venv: another for each Python and set of versions."""
    made_of = f"{tool.packages().read_text()}{python.path} {python.version}"
    return f"{EXPORTER}{tool.name}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


def _fetch(plan: VenvPlan, tool: Exporter, report: Report) -> None:
    machine, place, venv = plan.machine, plan.place, plan.venv
    for former in place.venvs.glob(f"{EXPORTER}{tool.name}-*"):
        files.delete_tree(former)
    machine.accounts.own_venv(plan.app, venv)
    report(BuildOutput(f"Fetching {tool.name}, which {tool.does}"))
    lines = (
        uv.make_venv(machine.uv, plan.python.path, venv),
        uv.install_wheels(machine.uv, venv, [f"--requirement={tool.packages()}"]),
        uv.compile_wheels(plan.python.path, venv),
    )
    job = fetch(plan, argv(machine, venv, place.build_cache, *lines))
    status = machine.supervisor.once(job, progress(report))
    if status != 0:
        files.delete_tree(venv)
        raise DeployFailedError(
            f"{tool.name}, which {tool.does}, could not be installed (uv: status {status})",
            hint="see to it that the server reaches its package index, and push again",
        )


def _job(plan: VenvPlan, tool: Exporter) -> Job:
    """Run the tool of the plan's venv in the code's folder."""
    accounts, place = plan.machine.accounts, plan.place
    groups, extras = _chosen(plan.tree)
    tool_line = [str(plan.venv / "bin" / tool.name), *tool.words(groups, extras)]
    return Job(
        app=plan.app,
        kind=JobKind.EXPORT,
        argv=(
            str(plan.machine.python),
            "-I",
            str(exporter.__file__),
            str(place.exported / PINS),
            *tool_line,
        ),
        user=accounts.build_user(plan.app),
        groups=(accounts.app_user(plan.app),),
        folder=plan.code,
        home=place.exported,
        writable=(place.exported,),
        hidden=hidden(place),
        environment=(
            *uv.settings(place.exported / "uv"),
            ("POETRY_VIRTUALENVS_CREATE", "false"),
            ("POETRY_KEYRING_ENABLED", "false"),
            ("PDM_CHECK_UPDATE", "0"),
            ("PDM_PYTHON", str(plan.python.path)),
            ("PDM_USE_VENV", "0"),
            ("PIPENV_IGNORE_VIRTUALENVS", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ),
        seconds=EXPORT_SECONDS,
        private=plan.private,
    )


def _chosen(tree: Tree) -> tuple[list[str], list[str]]:
    """Groups and extras that the repo names; a Pipfile's categories are known to Pipenv alone."""
    names = list(tree.settings.groups)
    if tree.source is Source.PIPENV:
        return names, []
    project = pyproject_of(tree)
    refuse_unknown(project, names)
    groups = [name for name in names if name in project.groups]
    return groups, [name for name in names if name not in project.groups]
