"""How uv is told to install what a tree needs, by the file that says so: command lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.conda_file import parse_conda, pip_words
from pushdeploy.model.dependency_file import PYLOCK_GROUPS, PYLOCK_NAMES, PYPROJECT, Source
from pushdeploy.model.pins import PYLOCK, REQUIREMENTS
from pushdeploy.model.pyproject import Pyproject
from pushdeploy.system import uv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.model.tree import Tree

PINS = "requirements.txt"
"""What another tool has made of its lock, in a folder of its own."""

COPY = ("/bin/cp",)

SETUPTOOLS = "setuptools<81"
"""The last with `pkg_resources`; installed last, whatever version the list of packages has."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is run in the code's folder once there is an empty venv."""

    first: tuple[list[str], ...]
    """Commands that come before; none of them runs code of the repo or of a package."""
    wanted: tuple[tuple[str, ...], ...]
    """The words of each `uv pip install`."""
    pins: str = ""
    """The file in the venv that names each package of a lock; empty for other lists."""


def recipe(program: Path, tree: Tree, venv: Path, pins: Path, extra: Sequence[str]) -> Recipe:
    """How the packages of a tree, and some more, get into a venv.

    Args:
        program: uv.
        tree: what needs them.
        venv: where they go.
        pins: what another tool has written of its lock (`export`).
        extra: more packages.

    Raises:
        RefusedInputError: a group is named that the tree has not.
    """
    if tree.source is Source.UV and pyproject_of(tree).has_explicit_indexes:
        exported = uv.export(program, venv, venv / PYLOCK, _chosen(tree))
        return _of_pylock([exported], f"{venv / PYLOCK}", extra)
    if tree.source is Source.PYLOCK:
        copied = [*COPY, Source.PYLOCK.value, str(venv / PYLOCK)]
        return _of_pylock([copied], Source.PYLOCK.value, extra, _chosen_of_pylock(tree))
    first, wanted, listed = _wanted(program, tree, venv, pins)
    words = (*wanted, *(one for one in extra if one != SETUPTOOLS))
    last = ((SETUPTOOLS,),) if SETUPTOOLS in extra else ()
    return Recipe(tuple(first), (*((words,) if words else ()), *last), listed)


def _wanted(
    program: Path, tree: Tree, venv: Path, pins: Path
) -> tuple[list[list[str]], tuple[str, ...], str]:
    """What comes first, what is installed then, and which file lists all of it, if one does."""
    first: list[list[str]] = []
    wanted: tuple[str, ...] = ()
    listed = ""
    match tree.source:
        case Source.REQUIREMENTS:
            wanted = (f"--requirement={Source.REQUIREMENTS}",)
        case Source.UV:
            first.append(uv.export(program, venv, venv / REQUIREMENTS, _chosen(tree)))
            wanted, listed = (f"--requirement={venv / REQUIREMENTS}",), REQUIREMENTS
        case Source.PYPROJECT:
            wanted = _of_project(tree)
        case Source.CONDA:
            wanted = pip_words(parse_conda(tree.requirements[Source.CONDA]))
        case Source.SETUPTOOLS | Source.SETUPTOOLS_CFG:
            wanted = ("--editable=.",)
        case Source.POETRY | Source.PDM | Source.PIPENV:
            own = "." if pyproject_of(tree).is_of_old_poetry else "--editable=."
            first.append([*COPY, str(pins), str(venv / REQUIREMENTS)])
            wanted = (f"--requirement={venv / REQUIREMENTS}", *([own] if tree.project else []))
            listed = REQUIREMENTS
        case Source.PYLOCK | Source.NOTHING:
            pass
    return first, wanted, listed


def _of_pylock(
    first: list[list[str]], lock: str, extra: Sequence[str], chosen: Sequence[str] = ()
) -> Recipe:
    """uv takes nothing else along with such a lock."""
    alone = (f"--requirement={lock}", *chosen)
    return Recipe(tuple(first), (alone, *((one,) for one in extra)), PYLOCK)


def _of_project(tree: Tree) -> tuple[str, ...]:
    """A pyproject.toml alone; of a package that is linked to, uv takes extras in brackets."""
    if not tree.project:
        return (f"--requirement={PYPROJECT}", *_chosen(tree))
    chosen = _chosen(tree)
    extras = [word.removeprefix("--extra=") for word in chosen if word.startswith("--extra=")]
    own = f"--editable=.[{','.join(extras)}]" if extras else "--editable=."
    return (own, *(word for word in chosen if not word.startswith("--extra=")))


def _chosen(tree: Tree) -> list[str]:
    """Words of uv for the groups that `[tool.pushdeploy]` names, and the extras."""
    project, groups = pyproject_of(tree), tree.settings.groups
    refuse_unknown(project, groups)
    return [f"--{'group' if name in project.groups else 'extra'}={name}" for name in groups]


def _chosen_of_pylock(tree: Tree) -> list[str]:
    """Words of uv for the groups that the repo names: with them, it leaves the usual ones out."""
    wanted = tree.settings.groups
    said = json.loads(tree.requirements.get(PYLOCK_GROUPS) or "{}")
    extras, groups, usual = ([str(one) for one in said.get(key, [])] for key in PYLOCK_NAMES)
    for name in wanted:
        if name not in {*extras, *groups}:
            raise _unknown(Source.PYLOCK, name, "dependency-groups")
    chosen = [name for name in wanted if name in groups]
    if chosen and not set(usual) <= set(groups):
        raise RefusedInputError(
            f"uv can't install the group `{chosen[0]}` beside those that `{Source.PYLOCK}` has "
            "as `default-groups`",
            hint=f"name those in its `dependency-groups` too, or lock again with `{chosen[0]}`",
        )
    named = dict.fromkeys([*usual, *chosen] if chosen else [])
    return [
        *(f"--group={name}" for name in named),
        *(f"--extra={name}" for name in wanted if name not in groups),
    ]


def _unknown(file: str, name: str, table: str) -> RefusedInputError:
    return RefusedInputError(
        f"`{file}` has no group `{name}`, which pushdeploy's settings name",
        hint=f"add it to `{table}` of {file}, commit, and push again",
    )


def refuse_unknown(project: Pyproject, groups: Sequence[str]) -> None:
    """See that the groups are there.

    Raises:
        RefusedInputError: one is neither a group nor an extra.
    """
    for name in groups:
        if name not in project.groups | project.extras:
            raise _unknown(PYPROJECT, name, "[dependency-groups]")


def pyproject_of(tree: Tree) -> Pyproject:
    """The tree's pyproject.toml, as the checkout has handed it on."""
    return Pyproject(json.loads(tree.requirements.get(PYPROJECT) or "{}"))
