"""Make a conda environment in a venv's place: solved and linked by py-rattler, then uv's turn.

Two jobs. The first runs none of the packages' code: py-rattler (a tool with a venv of its own, as
Poetry has) downloads, checks and copies them, and no script of theirs is run. The second is the
one of every build that runs packages' code: uv asks the new Python what it is, adds what the file
lists below `pip:`, and compiles.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build import solver, venv_jobs
from pushdeploy.build.export import Exporter, with_tool
from pushdeploy.build.make_venv import (
    add_setuptools,
    begin,
    begin_work,
    failed,
    output,
    see_complete,
)
from pushdeploy.build.venv import BUILD_SECONDS, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, Report, Warned
from pushdeploy.model.conda_file import ALIAS, DEFAULT_ALIAS, channels_of, parse_conda
from pushdeploy.model.dependency_file import Source
from pushdeploy.system import files, pythons, uv
from pushdeploy.system.compile_venv import NEEDS_SETUPTOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.build.venv_jobs import VenvPlan
    from pushdeploy.model.conda_file import CondaFile
    from pushdeploy.model.job import Job

RATTLER = Exporter("rattler", (), "solves conda environments")

SOLVE = (
    "import os, sys; from pushdeploy.build.builder import take_private; take_private(); "
    "os.umask(0o027); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Has the tool's own Python go on, with the private part of the environment."""


def make_environment(plan: VenvPlan, report: Report) -> None:
    """Make it, complete, or fail and leave nothing.

    Raises:
        DeployFailedError: it could not be made.
    """
    machine, began = plan.machine, plan.machine.monotonic()
    file = parse_conda(plan.tree.requirements[Source.CONDA])
    if file.variables:
        report(Warned(f"`variables` of {Source.CONDA} are not set", "pushdeploy config:set"))
    tools = with_tool(plan, RATTLER, report)
    begin(plan)
    status = machine.supervisor.once(_link(plan, tools.venv, file), output(report))
    if status != 0:
        files.delete_tree(plan.venv)
        raise _unsolved(status, machine.monotonic() - began)
    linked = replace(plan, linked=True)
    status = _with_code(linked, began, report)
    if status == NEEDS_SETUPTOOLS:
        report(BuildOutput("A package imports pkg_resources: adding setuptools 80, which has it"))
        status = add_setuptools(linked, began, report)
    see_complete(linked, status, began)


def python_of(venv: Path) -> pythons.Interpreter:
    """The Python that an environment has.

    Raises:
        DeployFailedError: it has none that a release could be started with.
    """
    found = pythons.of_environment(venv)
    if found is None:
        raise DeployFailedError(
            f"the environment of `{Source.CONDA}` has no Python from conda",
            hint=f"name one there, such as `python=3.13`, commit {Source.CONDA}, and push again",
        )
    return found


def _with_code(plan: VenvPlan, began: float, report: Report) -> int:
    left = BUILD_SECONDS - (plan.machine.monotonic() - began)
    begin_work(plan)
    return plan.machine.supervisor.once(venv_jobs.with_code(plan, left), output(report))


def _link(plan: VenvPlan, tools: Path, file: CondaFile) -> Job:
    """Have the environment's files where the venv's would be; none of their code runs.

    py-rattler takes a path with `..` for one from a package, so that its files can come to lie
    wherever the job may write: that is no cache which other builds trust.
    """
    config = dict(plan.private)
    wanted = {
        "venv": str(plan.venv),
        "cache": str(plan.place.conda_cache),
        "channels": channels_of(file, config),
        "alias": f"${{{ALIAS}}}" if config.get(ALIAS) else DEFAULT_ALIAS,
        "specs": file.specs,
        "system_certificates": uv.SYSTEM_CERTIFICATES.exists(),
    }
    words = (str(tools / "bin" / "python"), "-I", str(solver.__file__), str(plan.code))
    argv = (str(plan.machine.python), "-I", "-c", SOLVE, *words, json.dumps(wanted))
    cache = plan.place.conda_cache
    plan.machine.accounts.own_work(plan.app, (cache,))
    job = venv_jobs.fetch(plan, argv)
    return replace(job, folder=cache, home=cache, writable=(plan.venv, cache))


def _unsolved(status: int, seconds: float) -> DeployFailedError:
    if status in (OUT_OF_MEMORY, OUT_OF_TASKS) or seconds >= BUILD_SECONDS:
        return failed(Source.CONDA, status, seconds)
    return DeployFailedError(
        f"the packages of `{Source.CONDA}` could not be solved or fetched",
        hint=f"fix {Source.CONDA}, or set CONDA_CHANNELS; commit, and push again",
    )
