"""One file says which packages are needed; where there is none, the refusal has the way to one."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependency_file import (
    COMMON_MISSPELLINGS,
    DependencyFile,
    Source,
    find_dependency_file,
)

PROJECT = '[project]\nname = "shop"\n'
LINTER = "[tool.ruff]\nline-length = 100\n"


def find(names: list[str], **texts: str) -> DependencyFile:
    """What counts; the text of `pyproject.toml` is that of `pyproject`."""
    found = {name.replace("_", "."): text for name, text in texts.items()}
    return find_dependency_file(names, lambda path: found.get(path, ""))


@pytest.mark.parametrize("source", [one for one in Source if one])
def test_each_list_of_packages_counts_where_it_is_alone(source: Source) -> None:
    found = find([source, "app.py"], pyproject_toml=PROJECT, setup_cfg="[metadata]\n")

    assert found == DependencyFile(source)


@pytest.mark.parametrize(
    ("names", "counts", "passed_over"),
    [
        (["requirements.txt", "uv.lock"], "requirements.txt", ("uv.lock",)),
        (["requirements.txt", "Pipfile.lock"], "Pipfile.lock", ("requirements.txt",)),
        (["uv.lock", "poetry.lock", "pdm.lock"], "poetry.lock", ("uv.lock", "pdm.lock")),
        (["pylock.toml", "uv.lock", "pyproject.toml"], "uv.lock", ("pylock.toml",)),
        (["requirements.txt", "pyproject.toml", "setup.py"], "requirements.txt", ()),
        (["setup.py", "setup.cfg", "pyproject.toml"], "pyproject.toml", ()),
        (["Pipfile", "requirements.txt"], "requirements.txt", ()),
        (["app/uv.lock", "requirements.txt"], "requirements.txt", ()),
    ],
)
def test_of_several_the_first_in_herokus_order_counts_and_the_others_are_named(
    names: list[str], counts: str, passed_over: tuple[str, ...]
) -> None:
    found = find(names, pyproject_toml=PROJECT)

    assert (found.source, found.passed_over) == (counts, passed_over)


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (["app.py", "Procfile"], {}),
        (["pyproject.toml"], {"pyproject_toml": LINTER}),
        (["setup.cfg"], {"setup_cfg": "[flake8]\n"}),
        (["a/uv.lock"], {}),
        (["docs/requirements.txt", "app.py"], {}),
        ([], {}),
    ],
)
def test_a_repo_without_any_needs_no_packages(names: list[str], texts: dict[str, str]) -> None:
    assert find(names, **texts).source is Source.NOTHING


def test_a_pyproject_that_only_configures_a_linter_is_no_list_of_packages() -> None:
    assert find(["pyproject.toml", "setup.py"], pyproject_toml=LINTER).source == "setup.py"


@pytest.mark.parametrize(
    ("names", "found", "command"),
    [
        (["Pipfile"], "`Pipfile`", "pipenv lock"),
        (["environment.yaml"], "`environment.yaml`", "git mv environment.yaml environment.yml"),
        (["requirments.txt"], "`requirments.txt`", "git mv requirments.txt requirements.txt"),
        (["backend/requirements.txt", "app.py"], "`backend/requirements.txt`", "`-r backend/req"),
        (["a/b/requirements.txt", "z/requirements.txt"], "`z/requirements.txt`", "`-r z/"),
        (["requirements/dev.txt", "requirements/prod.txt"], "`requirements/prod.txt`", "`-r requ"),
        (
            ["src/requirements.txt", "src/app/main.py"],
            "`src/requirements.txt`",
            """echo '{"pushdeploy": {"root": "src"}}' > app.json && git add app.json""",
        ),
        (
            ["src/requirements.txt", "src/main.py", "app.json"],
            "`src/requirements.txt`",
            'add "pushdeploy": {"root": "src"} to app.json',
        ),
        (["src/requirements.txt", "src/main.py", "Procfile"], "`src/req", "`-r src/req"),
        (["\x1b/requirements.txt"], "`\\x1b/requirements.txt`", "`-r \\x1b/"),
    ],
)
def test_what_wants_to_be_one_is_named_with_the_command(
    names: list[str], found: str, command: str
) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        find(names)

    assert found in refusal.value.message
    assert command in str(refusal.value.hint)
    assert "\x1b" not in f"{refusal.value.message}{refusal.value.hint}"


def test_no_misspelling_is_the_right_name() -> None:
    assert "requirements.txt" not in COMMON_MISSPELLINGS
