"""Without a requirements.txt, the refusal says what was found and how to make one."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependency_file import COMMON_MISSPELLINGS, find_dependency_file


@pytest.mark.parametrize(
    "names", [["requirements.txt"], ["app.py", "requirements.txt", "uv.lock", "Pipfile"]]
)
def test_requirements_txt_is_found_beside_anything(names: list[str]) -> None:
    assert find_dependency_file(names) == "requirements.txt"


@pytest.mark.parametrize(
    ("names", "found", "command"),
    [
        (["uv.lock", "pyproject.toml"], "`uv.lock`", "uv export --no-dev -o requirements.txt"),
        (["poetry.lock", "pyproject.toml"], "`poetry.lock`", "poetry export"),
        (["pdm.lock", "pyproject.toml"], "`pdm.lock`", "pdm export"),
        (["Pipfile", "Pipfile.lock"], "`Pipfile.lock`", "pipenv requirements >"),
        (["Pipfile"], "`Pipfile`", "pipenv lock &&"),
        (["pyproject.toml"], "`pyproject.toml`", "uv pip compile pyproject.toml"),
        (["setup.py"], "`setup.py`", "uv pip compile setup.py"),
        (["environment.yml"], "`environment.yml`", "pip list --format=freeze"),
        (["requirments.txt"], "`requirments.txt`", "git mv requirments.txt requirements.txt"),
        (["Requirements.txt", "uv.lock"], "`Requirements.txt`", "git mv Requirements.txt"),
        (["app.py", "Procfile"], "`Procfile`, `app.py`", "pip freeze > requirements.txt"),
        (["a/b/c.py", "a/d.py"], "has `a`", "pip freeze"),
        (["a/uv.lock"], "has `a`", "pip freeze"),
        (["backend/requirements.txt", "uv.lock"], "`uv.lock`", "uv export"),
        (["docs/requirements.txt", "app.py"], "has `app.py`, `docs`", "pip freeze"),
        (["backend/requirements.txt", "app.py"], "`backend/requirements.txt`", "`-r backend/req"),
        (["a/b/requirements.txt", "z/requirements.txt"], "`z/requirements.txt`", "`-r z/"),
        (["requirements/dev.txt", "requirements/prod.txt"], "`requirements/prod.txt`", "`-r requ"),
        ([], "nothing", "pip freeze"),
        (list("abcdefghij"), "`h`, 2 more", "pip freeze"),
        (["\x1b/requirements.txt"], "`\\x1b/requirements.txt`", "`-r \\x1b/"),
        (["\x1b[31m"], "`\\x1b[31m`", "pip freeze"),
    ],
)
def test_what_is_there_instead_is_named_with_the_command(
    names: list[str], found: str, command: str
) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        find_dependency_file(names)

    assert found in refusal.value.message
    assert command in str(refusal.value.hint)
    assert "\x1b" not in f"{refusal.value.message}{refusal.value.hint}"


def test_no_misspelling_is_the_right_name() -> None:
    assert "requirements.txt" not in COMMON_MISSPELLINGS
