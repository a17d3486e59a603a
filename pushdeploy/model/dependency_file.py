"""Which file of the tree lists the app's dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENTS = "requirements.txt"

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
    "uv.lock": "uv export --no-dev -o requirements.txt",
    "poetry.lock": "poetry export --without dev -o requirements.txt",
    "pdm.lock": "pdm export --prod -o requirements.txt",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "Pipfile": "pipenv lock && pipenv requirements > requirements.txt",
    "pyproject.toml": "uv pip compile pyproject.toml -o requirements.txt",
    "setup.py": "uv pip compile setup.py -o requirements.txt",
    "setup.cfg": "uv pip compile setup.cfg -o requirements.txt",
    "environment.yml": "pip list --format=freeze > requirements.txt",
}
"""What makes a `requirements.txt` from another tool's file; a lock comes before its source."""


def find_dependency_file(names: Iterable[str]) -> str:
    """`requirements.txt`, when it is among the names.

    Args:
        names: The path names of the tree, or only those of its root.

    Raises:
        RefusedInputError: It is not there; the message says what is there instead, the hint holds
            the command that makes it.
    """
    paths = set(names)
    present = {path.partition("/")[0] for path in paths}
    if REQUIREMENTS in paths:
        return REQUIREMENTS
    misspelt = sorted(paths & COMMON_MISSPELLINGS)
    if misspelt:
        raise RefusedInputError(
            f"there is no `{REQUIREMENTS}`, but there is `{misspelt[0]}`",
            hint=f"run `git mv {misspelt[0]} {REQUIREMENTS}`, commit and push again",
        )
    for name, command in COMMANDS.items():
        if name in paths:
            raise RefusedInputError(
                f"there is no `{REQUIREMENTS}`; there is `{name}`, which is not read",
                hint=f"run `{command}`, commit it and push again",
            )
    deeper = sorted(filter(_is_deeper, paths), key=lambda path: (path.count("/"), path))
    if deeper:
        raise RefusedInputError(
            f"there is no `{REQUIREMENTS}` in the root, but there is {quoted(deeper[0])}",
            hint=f"make a `{REQUIREMENTS}` with the line {quoted(f'-r {deeper[0]}')}, commit it "
            "and push again",
        )
    raise RefusedInputError(
        f"there is no `{REQUIREMENTS}`; the root of the commit has {_listed(present)}",
        hint=f"run `pip freeze > {REQUIREMENTS}` in the app's venv, commit it and push again",
    )


def _is_deeper(path: str) -> bool:
    """Whether it is a requirements file in a folder: `backend/…` or `requirements/prod.txt`."""
    folder, _, name = path.rpartition("/")
    return folder.partition("/")[0] not in {"", "docs", "tests"} and (
        name == REQUIREMENTS
        or (folder == "requirements" and name in {"base.txt", "prod.txt", "production.txt"})
    )


def _listed(names: set[str], most: int = 8) -> str:
    shown = [quoted(name) for name in sorted(names)[:most]]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join(shown + more) or "nothing"
