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
        names: The names in the root of the tree.

    Raises:
        RefusedInputError: It is not there; the message says what is there instead, the hint holds
            the command that makes it.
    """
    present = set(names)
    if REQUIREMENTS in present:
        return REQUIREMENTS
    misspelt = sorted(present & COMMON_MISSPELLINGS)
    if misspelt:
        raise RefusedInputError(
            f"There is no `{REQUIREMENTS}`, but there is `{misspelt[0]}`.",
            hint=f"Run `git mv {misspelt[0]} {REQUIREMENTS}`, commit and push again.",
        )
    for name, command in COMMANDS.items():
        if name in present:
            raise RefusedInputError(
                f"There is no `{REQUIREMENTS}`; there is `{name}`, which is not read.",
                hint=f"Run `{command}`, commit it and push again.",
            )
    raise RefusedInputError(
        f"There is no `{REQUIREMENTS}`; the root of the commit holds {_listed(present)}.",
        hint=f"Run `pip freeze > {REQUIREMENTS}` in the app's venv, commit it and push again.",
    )


def _listed(names: set[str], most: int = 8) -> str:
    shown = [quoted(name) for name in sorted(names)[:most]]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join(shown + more) or "nothing"
