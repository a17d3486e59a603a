"""Which file of the tree says what packages the app needs: one counts, whatever else is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.pyproject import parse_pyproject
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

REQUIREMENTS = "requirements.txt"
PYPROJECT = "pyproject.toml"
PIPFILE = "Pipfile"
PROCFILE = "Procfile"
APP_JSON = "app.json"

PRE_COMPILE = "bin/pre_compile"
"""A hook that may write any of them before it is read."""

TOOL_SETTINGS = ("uv.toml", "poetry.toml", "pdm.toml")
"""What tools obey beside pyproject.toml: indexes, above all."""

PYLOCK_GROUPS = "pylock.toml [groups]"
"""Among the texts that define packages: a JSON object of `PYLOCK_NAMES`, each a list of names."""

PYLOCK_NAMES = ("extras", "dependency-groups", "default-groups")

UV_TABLE = f"{PYPROJECT} [tool.uv]"
"""Among the texts that define packages: the table alone, when the rest does not count."""

_PLAIN = re.compile(r"[\w./-]+")
_INCLUDES = re.compile(r"^ +- +-r *requirements\.txt", re.MULTILINE)
"""Of an environment.yml: what pip would add is in the other file."""


class Source(StrEnum):
    """The file that counts; the first of those that are there, in this order.

    The first four are those of Heroku's Python buildpack, in the order in which it has long chosen.
    """

    PIPENV = "Pipfile.lock"
    REQUIREMENTS = REQUIREMENTS
    POETRY = "poetry.lock"
    UV = "uv.lock"
    PDM = "pdm.lock"
    PYLOCK = "pylock.toml"
    CONDA = "environment.yml"
    PYPROJECT = PYPROJECT
    SETUPTOOLS = "setup.py"
    SETUPTOOLS_CFG = "setup.cfg"
    NOTHING = ""
    """No file: an app of the standard library."""


LOCKS = frozenset({Source.PIPENV, Source.POETRY, Source.UV, Source.PDM, Source.PYLOCK})
"""Every version is in it, so that no two builds differ."""

TOOLS = {Source.PIPENV: "pipenv", Source.POETRY: "poetry", Source.UV: "uv", Source.PDM: "pdm"}
"""What makes each lock, by `TOOL lock`."""

COMMON_MISSPELLINGS = frozenset(
    {
        "Requirements.txt",
        "REQUIREMENTS.TXT",
        "reqirements.txt",
        "reqs.txt",
        "requierments.txt",
        "requirement.txt",
        "requirements",
        "requirements.TXT",
        "requirements.pip",
        "requirements.text",
        "requirements.txt.txt",
        "requirments.txt",
        "requriements.txt",
    }
)
"""Names that people give to `requirements.txt`. Source: Heroku's Python buildpack, and typing."""

COMMANDS = {
    PIPFILE: "pipenv lock",
    "environment.yaml": "git mv environment.yaml environment.yml",
}
"""What makes one of the files from another that we do not read."""


@dataclass(frozen=True, slots=True)
class DependencyFile:
    """The file that counts, and those of the same kind that do not."""

    source: Source
    passed_over: tuple[str, ...] = ()
    """Other lists of packages in the root, in the order in which they would count."""


def find_dependency_file(names: Iterable[str], read: Callable[[str], str]) -> DependencyFile:
    """The file that says which packages the app needs.

    Args:
        names: The path names of the tree, or only those of its root.
        read: The text of a file of the root that is among the names.

    Raises:
        RefusedInputError: There is none, but something that wants to be one; the hint holds the
            command that makes it.
    """
    paths = set(names)
    first = next((one for one in Source if one in paths and _is_list(one, read)), None)
    if (
        first is Source.REQUIREMENTS
        and Source.CONDA in paths
        and _INCLUDES.search(read(Source.CONDA))
    ):
        first = Source.CONDA
    if first is not None:
        counted = LOCKS | {REQUIREMENTS, Source.CONDA}
        locks = [str(one) for one in Source if one in counted and one in paths]
        return DependencyFile(first, tuple(one for one in locks if one != first))
    _refuse_misspelt(paths)
    _refuse_deeper(paths)
    return DependencyFile(Source.NOTHING)


def _is_list(source: Source, read: Callable[[str], str]) -> bool:
    """Many a pyproject.toml or setup.cfg only configures a linter."""
    if source is Source.PYPROJECT:
        return parse_pyproject(read(PYPROJECT)).is_project
    if source is Source.SETUPTOOLS_CFG:
        text = read(Source.SETUPTOOLS_CFG)
        return "[metadata]" in text or "[options]" in text
    return source is not Source.NOTHING


def _refuse_misspelt(paths: set[str]) -> None:
    misspelt = sorted(paths & COMMON_MISSPELLINGS)
    if misspelt:
        raise RefusedInputError(
            f"there is no `{REQUIREMENTS}`, but there is `{misspelt[0]}`",
            hint=f"run `git mv {misspelt[0]} {REQUIREMENTS}`, commit and push again",
        )
    for name, command in COMMANDS.items():
        if name in paths:
            raise RefusedInputError(
                f"there is `{name}`, and no lock or `{REQUIREMENTS}` that is made from it",
                hint=f"run `{command}`, commit what it makes and push again",
            )


def _refuse_deeper(paths: set[str]) -> None:
    deeper = sorted(filter(_is_deeper, paths), key=lambda path: (path.count("/"), path))
    if deeper:
        raise RefusedInputError(
            f"there is no `{REQUIREMENTS}` in the root, but there is {quoted(deeper[0])}",
            hint=_folder_as_root(deeper[0], paths)
            or f"make a `{REQUIREMENTS}` with the line {quoted(f'-r {deeper[0]}')}, commit it "
            "and push again",
        )


def _folder_as_root(path: str, paths: set[str]) -> str:
    """How the folder of a list becomes the release, if the app lies there; else empty."""
    folder, _, name = path.rpartition("/")
    at_the_root = any("/" not in one and (one.endswith(".py") or one == PROCFILE) for one in paths)
    inside = any(one.startswith(f"{folder}/") and one.endswith(".py") for one in paths)
    return "" if name != REQUIREMENTS or at_the_root or not inside else as_root(folder, paths)


def as_root(folder: str, paths: Collection[str]) -> str:
    """How a folder becomes the release by a committed file; empty if it has to be quoted."""
    if not _PLAIN.fullmatch(folder):
        return ""
    said = f'"pushdeploy": {{"root": "{folder}"}}'
    if APP_JSON in paths:
        return f"add {said} to {APP_JSON}, commit, and push again"
    return f"echo '{{{said}}}' > {APP_JSON} && git add {APP_JSON}, commit, and push again"


def _is_deeper(path: str) -> bool:
    """Whether it is a requirements file in a folder: `backend/…` or `requirements/prod.txt`."""
    folder, _, name = path.rpartition("/")
    return folder.partition("/")[0] not in {"", "docs", "tests"} and (
        name == REQUIREMENTS
        or (folder == "requirements" and name in {"base.txt", "prod.txt", "production.txt"})
    )
