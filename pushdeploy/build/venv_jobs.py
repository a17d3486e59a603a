"""The jobs that fill a venv: which commands each runs, what it may write, and what it can't see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.build import private_cache, source_copy
from pushdeploy.build.recipe import PINS, SETUPTOOLS, Recipe, pyproject_of, recipe
from pushdeploy.build.venv import BUILD_SECONDS
from pushdeploy.model.dependency_file import TOOL_SETTINGS, UV_TABLE, Source
from pushdeploy.model.index_settings import defining
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.seed import Seed
from pushdeploy.system import uv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

    from pushdeploy.build.seed import Former
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.tree import Tree
    from pushdeploy.system import pythons

BUILDER = "import sys; from pushdeploy.build.builder import main; sys.exit(main())"
"""Sooner under way than by `-m`."""

GROWER = "import sys; from pushdeploy.build.grower import main; sys.exit(main())"

SETTINGS = (*TOOL_SETTINGS, UV_TABLE)
"""Among the texts that define packages: those that are no list of any."""

ADDED = ""
"""Among the texts of requirements: what we add; no file has that name."""


@dataclass(frozen=True, slots=True)
class VenvPlan:
    """A venv that is to be made."""

    machine: Machine
    app: str
    tree: Tree
    python: pythons.Interpreter
    venv: Path
    """Its folder."""
    extra: tuple[str, ...] = ()
    """Packages that the tree does not name."""
    private: tuple[tuple[str, str], ...] = ()
    """Variables of the jobs that say where private packages are."""
    old_builds: bool = False
    """Packages are built by a setuptools that has `pkg_resources`."""
    linked: bool = False
    """It is a conda environment, and has a Python of its own already."""
    lacks_setuptools: bool = False
    """All that it needs is in it but `SETUPTOOLS`."""

    @property
    def place(self) -> AppLayout:
        """The app's folders."""
        return self.machine.layout.app(self.app)

    @property
    def code(self) -> Path:
        """Where the tree is checked out."""
        return self.place.slugs / self.tree.slug

    @property
    def recipe(self) -> Recipe:
        """How uv is told what to install."""
        return recipe(self.machine.uv, self.tree, self.venv, self.place.exported / PINS, self.extra)

    @property
    def as_seed(self) -> Seed:
        """What is noted of this venv when uv alone has made it."""
        tree, texts = self.tree, self.tree.requirements
        listed = texts if tree.source is Source.REQUIREMENTS else {}
        options = {
            **{path: texts.get(path, "") for path in SETTINGS},
            "tool.uv": json.dumps(pyproject_of(tree).tool("uv"), sort_keys=True),
            "source": tree.source,
            "groups": " ".join(tree.settings.groups),
            "told": " ".join(defining(dict(self.private))),
        }
        return Seed(
            venv=self.venv.name,
            python=f"{self.python.path} {self.python.version}",
            uv=str(self.machine.uv),
            options=options,
            requirements={
                **{path: text for path, text in listed.items() if path not in SETTINGS},
                ADDED: "\n".join(self.extra),
            },
        )


def from_wheels(plan: VenvPlan) -> Job:
    """Make it of wheels alone."""
    program, venv, how = plan.machine.uv, plan.venv, plan.recipe
    lines = (
        uv.make_venv(program, plan.python.path, venv),
        *how.first,
        *(uv.install_wheels(program, venv, words) for words in how.wanted),
        uv.compile_wheels(plan.python.path, venv),
    )
    return fetch(plan, argv(plan.machine, venv, plan.code, *lines))


def from_seed(plan: VenvPlan, old: Former) -> Job:
    """Change what another one's files have made of it, by wheels alone."""
    machine, venv, how = plan.machine, plan.venv, plan.recipe
    (wanted,) = how.wanted
    lines = (
        *how.first,
        uv.change_wheels(machine.uv, venv, wanted),
        uv.compile_wheels(plan.python.path, venv),
    )
    places = (str(old.venv), str(venv), str(plan.code))
    words = (*places, how.pins, ",".join(sorted(old.but)), *_divided(lines))
    return fetch(plan, (str(machine.python), "-I", "-c", GROWER, *words))


def fetch(plan: VenvPlan, command: tuple[str, ...]) -> Job:
    """A job in which none of the packages' code runs."""
    accounts, place = plan.machine.accounts, plan.place
    return Job(
        app=plan.app,
        kind=JobKind.FETCH,
        argv=command,
        user=accounts.build_user(plan.app),
        groups=(accounts.app_user(plan.app),),
        folder=place.build_cache,
        home=place.build_cache,
        writable=(plan.venv, place.build_cache),
        hidden=hidden(place),
        environment=uv.settings(place.verified_cache),
        seconds=BUILD_SECONDS,
        private=plan.private,
    )


def with_code(plan: VenvPlan, seconds: float) -> Job:
    """Make it, and run the packages' code where that is needed.

    What is built from the tree is built in a copy, which the job finds where the code lies. So
    what an editable install writes down is the place of the release's own code.
    """
    machine, place = plan.machine, plan.place
    cache = place.build_work / "uv"
    copied = plan.tree.local and not plan.lacks_setuptools and machine.supervisor.can_bind()
    return Job(
        app=plan.app,
        kind=JobKind.BUILD,
        argv=argv(machine, plan.venv, plan.code, *_with_code(plan, cache, copied=copied)),
        user=machine.accounts.build_user(plan.app),
        groups=(machine.accounts.app_user(plan.app),),
        folder=place.build_work,
        home=place.build_work,
        writable=(plan.venv, place.build_work),
        hidden=hidden(place),
        environment=(
            *uv.settings(cache),
            *([uv.OLD_BUILDS] if plan.old_builds else []),
            *([uv.INTO_CONDA] if plan.linked else []),
        ),
        seconds=seconds,
        private=plan.private,
        bound=((source_of(place), plan.code),) if copied else (),
        shown=((plan.code, original_of(place)),) if copied else (),
    )


def _with_code(plan: VenvPlan, cache: Path, *, copied: bool) -> list[list[str]]:
    machine, place, how = plan.machine, plan.place, plan.recipe
    if plan.lacks_setuptools:
        how = Recipe((), ((SETUPTOOLS,),))
    begun = plan.linked or plan.lacks_setuptools
    return [
        _run(machine, private_cache, place.verified_cache, cache),
        *([_run(machine, source_copy, original_of(place), plan.code)] if copied else []),
        *([] if begun else [uv.make_venv(machine.uv, plan.python.path, plan.venv)]),
        *how.first,
        *(uv.install(machine.uv, plan.venv, words) for words in how.wanted),
        uv.compile_wheels(
            plan.venv / "bin" / "python" if plan.linked else plan.python.path, plan.venv
        ),
    ]


def source_of(place: AppLayout) -> Path:
    """The copy of the code that a build may write to, which it sees at the code's own place."""
    return place.build_work / "source"


def original_of(place: AppLayout) -> Path:
    """Where a build sees the code itself, to be read only."""
    return place.build_work / "original"


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
