"""Make a venv: from wheels alone when that will do, else with the packages' own code running.

Wheels come from a cache of the app's that only the first way writes to, in which none of the
packages' code runs: not even their `.pth` files do, as the bytecode is made. So uv installs once
there, into an empty venv: it may ask the venv's Python what it is, which obeys what is installed.
Where a package must be built, or uv has to install twice, code runs in a second job, which reads
that cache, writes one of its own, and loses it afterwards. So no build, failed or not, leaves
anything for the next one but a venv.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build import seed, venv_jobs
from pushdeploy.build.grower import UNFIT
from pushdeploy.build.recipe import SETUPTOOLS
from pushdeploy.build.venv import BUILD_SECONDS, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, Report
from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.model.dependency_file import LOCKS, Source
from pushdeploy.model.instance import DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.system import files
from pushdeploy.system.compile_venv import NEEDS_SETUPTOOLS
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pushdeploy.build.venv_jobs import VenvPlan
    from pushdeploy.model.job import Job

SAID_BEFORE = "Using Python "
"""What uv says of it has a path that is of no interest."""

PROGRESS = re.compile(r"(Resolved|Prepared|Downloading|Downloaded|Installed|warning:| [+~-] ).*")
"""What uv says of wheels as long as all is well; why wheels alone won't do is said by the build."""

LIMITS = (OUT_OF_MEMORY, OUT_OF_TASKS)


def make_venv(plan: VenvPlan, report: Report, *, fresh: bool = False) -> None:
    """Make it, complete, or fail and leave nothing; a `fresh` one takes nothing from another.

    Raises:
        DeployFailedError: it could not be made.
    """
    machine = plan.machine
    began = machine.monotonic()
    status = UNFIT if plan.tree.local else _by_uv_alone(plan, report, fresh=fresh)
    left = BUILD_SECONDS - (machine.monotonic() - began)
    if status not in (0, NEEDS_SETUPTOOLS, *LIMITS) and left > 0:
        begin(plan)
        begin_work(plan)
        status = machine.supervisor.once(venv_jobs.with_code(plan, left), output(report))
    if status == NEEDS_SETUPTOOLS and SETUPTOOLS not in plan.extra:
        report(BuildOutput("A package imports pkg_resources: adding setuptools 80, which has it"))
        if (plan.venv / seed.ASIDE).exists():  # not whole yet, and with code in it, it never is
            make_venv(replace(plan, extra=(*plan.extra, SETUPTOOLS)), report)
            return
        status = add_setuptools(plan, began, report)
    see_complete(plan, status, began)


def add_setuptools(plan: VenvPlan, began: float, report: Report) -> int:
    """Complete a venv that lacks nothing else, begun then; returns the exit status of the job."""
    left = BUILD_SECONDS - (plan.machine.monotonic() - began)
    begin_work(plan)
    job = venv_jobs.with_code(replace(plan, lacks_setuptools=True), left)
    return plan.machine.supervisor.once(job, output(report))


def see_complete(plan: VenvPlan, status: int, began: float) -> None:
    """See that a build that began then, and ended with this status, has left a whole venv.

    Raises:
        DeployFailedError: no; then there is nothing left of it.
    """
    reached(Point.BUILD_DONE)
    if status != 0 or not (plan.venv / COMPLETE).exists():
        files.delete_tree(plan.venv)
        raise failed(plan.tree.source, status, plan.machine.monotonic() - began)


def _by_uv_alone(plan: VenvPlan, report: Report, *, fresh: bool) -> int:
    """Have none of the packages' code run; returns the exit status of the last job."""
    status = UNFIT
    old = None if fresh else _old_of(plan)
    if old is not None:
        status = _fetched(plan, venv_jobs.from_seed(plan, old), report, old=old.venv)
    if status == UNFIT and len(plan.recipe.wanted) <= 1:
        status = _fetched(plan, venv_jobs.from_wheels(plan), report)
    if status == 0 and (plan.venv / COMPLETE).exists() and SETUPTOOLS not in plan.extra:
        seed.note(plan.place, plan.as_seed)
    return status


def _old_of(plan: VenvPlan) -> seed.Former | None:
    """The venv that this one may begin with; without a lock nobody can tell what stays the same."""
    if SETUPTOOLS in plan.extra or plan.tree.source not in {Source.REQUIREMENTS, *LOCKS}:
        return None
    if len(plan.recipe.wanted) != 1:  # uv installs once into a venv in which code may lie
        return None
    return seed.find(plan.place, plan.as_seed)


def _fetched(plan: VenvPlan, job: Job, report: Report, *, old: Path | None = None) -> int:
    """Have uv alone make it, from another one's files if there is one; returns its exit status."""
    growth = None
    if old is None:
        begin(plan)
    else:
        growth = seed.Growth(old, plan.venv, plan.machine.accounts.venv_owner(plan.app))
        _begin_growth(plan, growth)
    reached(Point.BUILD_BEGUN)
    return plan.machine.supervisor.once(job, progress(report), growth)


def begin(plan: VenvPlan) -> None:
    """Make its folder, empty."""
    seed.forget(plan.place, plan.venv)
    files.delete_tree(plan.venv)
    plan.machine.accounts.own_venv(plan.app, plan.venv)


def _begin_growth(plan: VenvPlan, growth: seed.Growth) -> None:
    seed.forget(plan.place, growth.venv)
    files.delete_tree(growth.venv)
    growth.begin()


def begin_work(plan: VenvPlan) -> None:
    """The folders of a build that runs packages' code."""
    place = plan.place
    files.delete_tree(place.build_work)
    folders = (place.build_work, venv_jobs.source_of(place), venv_jobs.original_of(place))
    plan.machine.accounts.own_work(plan.app, folders)


def progress(report: Report) -> Callable[[str], None]:
    """Who is told what uv says of wheels."""

    def say(line: str) -> None:
        if PROGRESS.fullmatch(line):
            report(BuildOutput(line))

    return say


def output(report: Report) -> Callable[[str], None]:
    """Who is told what a build says."""

    def say(line: str) -> None:
        if not line.startswith(SAID_BEFORE):
            report(BuildOutput(line))

    return say


def failed(source: Source, status: int, seconds: float) -> DeployFailedError:
    """What to say of a build that ended with this status after so many seconds."""
    if seconds >= BUILD_SECONDS:
        return DeployFailedError(
            f"the build was stopped after {BUILD_SECONDS / 60:.0f} minutes, its time limit",
            hint=f"name packages in {source} that come as wheels, commit, and push again",
        )
    if status == OUT_OF_MEMORY:
        return DeployFailedError(
            f"the build was killed: it needed more memory than the {DEFAULT_MEMORY} "
            "of the server's that one build may use",
            hint=f"name packages in {source} that come as wheels, or add memory; free -h",
        )
    if status == OUT_OF_TASKS:
        return DeployFailedError(
            f"the build tried to run more than {DEFAULT_TASKS} processes and threads at once",
            hint="fix the package that keeps forking, commit, and push again",
        )
    return DeployFailedError(
        f"the packages of `{source}` could not be installed (uv: status {status})",
        hint=f"fix {source}, commit, and push again",
    )
