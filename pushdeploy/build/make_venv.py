"""Make a venv: from wheels alone when that will do, else with the packages' own code running.

Wheels come from a cache of the app's that only the first way writes to, in which none of the
packages' code runs: not even their `.pth` files do, as the bytecode is made. Where a package must
be built, its code runs in a second job, which reads that cache, writes one of its own, and loses
it afterwards. So no build, failed or not, leaves anything for the next one but a venv.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build import private_cache, seed, source_copy
from pushdeploy.build.grower import UNFIT
from pushdeploy.build.recipe import PINS, SETUPTOOLS, recipe
from pushdeploy.build.venv import BUILD_SECONDS, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, Report
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.index_settings import defining
from pushdeploy.model.instance import DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.layout import COMPLETE
from pushdeploy.model.seed import Seed
from pushdeploy.system import files, pythons, uv
from pushdeploy.system.compile_venv import NEEDS_SETUPTOOLS
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.layout import AppLayout
    from pushdeploy.model.tree import Tree

BUILDER = "import sys; from pushdeploy.build.builder import main; sys.exit(main())"
"""Sooner under way than by `-m`."""

GROWER = "import sys; from pushdeploy.build.grower import main; sys.exit(main())"

SAID_BEFORE = "Using Python "
"""What uv says of it has a path that is of no interest."""

PROGRESS = re.compile(r"(Resolved|Prepared|Downloading|Downloaded|Installed|warning:| [+~-] ).*")
"""What uv says of wheels as long as all is well; why wheels alone won't do is said by the build."""

ADDED = ""
"""Among the texts of requirements: what we add; no file has that name."""

LIMITS = (OUT_OF_MEMORY, OUT_OF_TASKS)


def make_venv(
    machine: Machine,
    app: str,
    tree: Tree,
    report: Report,
    *,
    python: pythons.Interpreter,
    venv: Path,
    extra: list[str],
    private: tuple[tuple[str, str], ...] = (),
    fresh: bool = False,
    old_builds: bool = False,
) -> None:
    """Make it, complete, or fail and leave nothing; a `fresh` one takes nothing from another.

    With `old_builds` packages are built by a setuptools that has `pkg_resources`.

    Raises:
        DeployFailedError: it could not be made.
    """
    began = machine.monotonic()
    status = UNFIT
    if not tree.local:
        made = _seed_of(machine, tree, python, venv, [*extra, *_options(private)])
        old = None if fresh or SETUPTOOLS in extra else _seed(machine, app, tree, made)
        if old is not None:
            job = _from_seed(machine, app, tree, old=old, venv=venv, extra=extra)
            job = replace(job, private=private)
            status = _fetched(machine, job, report, venv=venv, old=old)
        if status == UNFIT:
            job = _from_wheels(machine, app, tree, python=python, venv=venv, extra=extra)
            status = _fetched(machine, replace(job, private=private), report, venv=venv)
        if status == 0 and (venv / COMPLETE).exists() and SETUPTOOLS not in extra:
            seed.note(machine.layout.app(app), made)
    spent = machine.monotonic() - began
    if status not in (0, NEEDS_SETUPTOOLS, *LIMITS) and spent < BUILD_SECONDS:
        _begin(machine, app, venv)
        _begin_work(machine, app)
        left = BUILD_SECONDS - spent
        job = _with_code(machine, app, tree, python=python, venv=venv, extra=extra, seconds=left)
        if old_builds:
            job = replace(job, environment=(*job.environment, uv.OLD_BUILDS))
        status = machine.supervisor.once(replace(job, private=private), output(report))
    if status == NEEDS_SETUPTOOLS and SETUPTOOLS not in extra:
        report(BuildOutput("A package imports pkg_resources: adding setuptools 80, which has it"))
        make_venv(
            *(machine, app, tree, report),
            python=python,
            venv=venv,
            extra=[*extra, SETUPTOOLS],
            private=private,
            old_builds=old_builds,
        )
        return
    reached(Point.BUILD_DONE)
    if status != 0 or not (venv / COMPLETE).exists():
        files.delete_tree(venv)
        raise _failed(tree.source, status, machine.monotonic() - began)


def _fetched(
    machine: Machine, job: Job, report: Report, *, venv: Path, old: Path | None = None
) -> int:
    """Have uv alone make it, from another one's files if there is one; returns its exit status."""
    growth = None
    if old is None:
        _begin(machine, job.app, venv)
    else:
        growth = seed.Growth(old, venv, machine.accounts.venv_owner(job.app))
        _begin_growth(machine, job.app, growth)
    reached(Point.BUILD_BEGUN)
    return machine.supervisor.once(job, progress(report), growth)


def _begin(machine: Machine, app: str, venv: Path) -> None:
    seed.forget(machine.layout.app(app), venv)
    files.delete_tree(venv)
    machine.accounts.own_venv(app, venv)


def _begin_growth(machine: Machine, app: str, growth: seed.Growth) -> None:
    seed.forget(machine.layout.app(app), growth.venv)
    files.delete_tree(growth.venv)
    growth.begin()


def _seed_of(
    machine: Machine, tree: Tree, python: pythons.Interpreter, venv: Path, added: list[str]
) -> Seed:
    """What is noted of this venv when uv alone has made it."""
    texts = {**tree.requirements, ADDED: "\n".join(added)}
    return Seed(venv.name, f"{python.path} {python.version}", str(machine.uv), texts)


def _options(private: tuple[tuple[str, str], ...]) -> list[str]:
    """Indexes that config vars name, as options are written in requirements."""
    return [f"--{setting}" for setting in defining(dict(private))]


def _begin_work(machine: Machine, app: str) -> None:
    place = machine.layout.app(app)
    files.delete_tree(place.build_work)
    machine.accounts.own_work(app, (place.build_work, source_of(place), original_of(place)))


def source_of(place: AppLayout) -> Path:
    """The copy of the code that a build may write to, which it sees at the code's own place."""
    return place.build_work / "source"


def original_of(place: AppLayout) -> Path:
    """Where a build sees the code itself, to be read only."""
    return place.build_work / "original"


def _from_wheels(
    machine: Machine,
    app: str,
    tree: Tree,
    *,
    python: pythons.Interpreter,
    venv: Path,
    extra: list[str],
) -> Job:
    place = machine.layout.app(app)
    how = recipe(machine.uv, tree, venv, place.exported / PINS, extra)
    lines = (
        uv.make_venv(machine.uv, python.path, venv),
        *how.first,
        *(uv.install_wheels(machine.uv, venv, words) for words in how.wanted),
        uv.compile_wheels(venv),
    )
    return _fetch(machine, app, venv, argv(machine, venv, place.slugs / tree.slug, *lines))


def _seed(machine: Machine, app: str, tree: Tree, made: Seed) -> Path | None:
    """The venv that this one may begin with; of a lock nobody can tell yet what stays the same."""
    place = machine.layout.app(app)
    return seed.find(place, made) if tree.source is Source.REQUIREMENTS else None


def _from_seed(
    machine: Machine, app: str, tree: Tree, *, old: Path, venv: Path, extra: list[str]
) -> Job:
    place = machine.layout.app(app)
    (wanted,) = recipe(machine.uv, tree, venv, place.exported / PINS, extra).wanted
    lines = (uv.change_wheels(machine.uv, venv, wanted), uv.compile_wheels(venv))
    words = (str(old), str(venv), str(place.slugs / tree.slug), *_divided(lines))
    return _fetch(machine, app, venv, (str(machine.python), "-I", "-c", GROWER, *words))


def _fetch(machine: Machine, app: str, venv: Path, words: tuple[str, ...]) -> Job:
    """A job in which none of the packages' code runs."""
    place = machine.layout.app(app)
    return Job(
        app=app,
        kind=JobKind.FETCH,
        argv=words,
        user=machine.accounts.build_user(app),
        groups=(machine.accounts.app_user(app),),
        folder=place.build_cache,
        home=place.build_cache,
        writable=(venv, place.build_cache),
        hidden=hidden(place),
        environment=uv.settings(place.verified_cache),
        seconds=BUILD_SECONDS,
    )


def _with_code(
    machine: Machine,
    app: str,
    tree: Tree,
    *,
    python: pythons.Interpreter,
    venv: Path,
    extra: list[str],
    seconds: float,
) -> Job:
    """What is built from the tree is built in a copy, which the job finds where the code lies.

    So what an editable install writes down is the place of the release's own code.
    """
    place = machine.layout.app(app)
    code, cache = place.slugs / tree.slug, place.build_work / "uv"
    copied = tree.local and machine.supervisor.can_bind()
    how = recipe(machine.uv, tree, venv, place.exported / PINS, extra)
    lines = [
        _run(machine, private_cache, place.verified_cache, cache),
        *([_run(machine, source_copy, original_of(place), code)] if copied else []),
        uv.make_venv(machine.uv, python.path, venv),
        *how.first,
        *(uv.install(machine.uv, venv, words) for words in how.wanted),
        uv.compile_wheels(venv),
    ]
    return Job(
        app=app,
        kind=JobKind.BUILD,
        argv=argv(machine, venv, code, *lines),
        user=machine.accounts.build_user(app),
        groups=(machine.accounts.app_user(app),),
        folder=place.build_work,
        home=place.build_work,
        writable=(venv, place.build_work),
        hidden=hidden(place),
        environment=uv.settings(cache),
        seconds=seconds,
        bound=((source_of(place), code),) if copied else (),
        shown=((code, original_of(place)),) if copied else (),
    )


def _run(machine: Machine, program: ModuleType, *paths: Path) -> list[str]:
    return [str(machine.python), "-I", str(program.__file__), *map(str, paths)]


def argv(machine: Machine, venv: Path, code: Path, *lines: list[str]) -> tuple[str, ...]:
    """What fills a venv by these commands, run in a folder, and marks it complete."""
    words = (str(venv), str(code), *_divided(lines))
    return (str(machine.python), "-I", "-c", BUILDER, *words)


def _divided(lines: Sequence[list[str]]) -> list[str]:
    """Commands with `--` between them."""
    return [word for line in lines for word in ("--", *line)][1:]


def hidden(place: AppLayout) -> tuple[Path, ...]:
    """Where the secrets and data of the app lie."""
    return (place.releases, place.shared, place.home, place.pending_environment)


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


def _failed(source: Source, status: int, seconds: float) -> DeployFailedError:
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
