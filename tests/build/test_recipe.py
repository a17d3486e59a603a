"""Each list of packages becomes the commands of its own tool, with the groups that are named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pushdeploy.build.builder import SETTINGS
from pushdeploy.build.recipe import SETUPTOOLS, Recipe, recipe
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependency_file import PYLOCK_GROUPS, Source
from pushdeploy.model.pins import PYLOCK, REQUIREMENTS
from pushdeploy.model.repo_settings import PYPROJECT, RepoSettings
from tests.build.test_build import TREE

VENV = Path("/venvs/1")
LISTED = "--requirement=/venvs/1/pushdeploy.requirements.txt"
GROUPS = {"dependency-groups": {"jobs": []}, "project": {"optional-dependencies": {"more": []}}}


def made(source: Source, *, project: bool = False, groups: tuple[str, ...] = ()) -> Recipe:
    """For a tree of one list of packages, with gunicorn added."""
    tree = replace(
        TREE,
        source=source,
        project=project,
        requirements={PYPROJECT: json.dumps(GROUPS)},
        settings=RepoSettings(file=PYPROJECT, groups=groups),
    )
    return recipe(Path("/uv"), tree, VENV, Path("/exported/requirements.txt"), ["gunicorn"])


@pytest.mark.parametrize(
    ("source", "project", "wanted"),
    [
        (Source.REQUIREMENTS, False, ("--requirement=requirements.txt", "gunicorn")),
        (Source.UV, False, (LISTED, "gunicorn")),
        (Source.PYPROJECT, False, ("--requirement=pyproject.toml", "gunicorn")),
        (Source.PYPROJECT, True, ("--editable=.", "gunicorn")),
        (Source.SETUPTOOLS, True, ("--editable=.", "gunicorn")),
        (Source.POETRY, False, (LISTED, "gunicorn")),
        (
            Source.PDM,
            True,
            (LISTED, "--editable=.", "gunicorn"),
        ),
        (Source.PIPENV, False, (LISTED, "gunicorn")),
        (Source.NOTHING, False, ("gunicorn",)),
    ],
)
def test_uv_is_told_what_to_install(
    source: Source, *, project: bool, wanted: tuple[str, ...]
) -> None:
    assert made(source, project=project).wanted == (wanted,)


def test_a_package_of_old_poetry_is_copied_as_it_cannot_be_linked_to() -> None:
    old = {"build-system": {"build-backend": "poetry.masonry.api"}}
    tree = replace(
        TREE, source=Source.POETRY, project=True, requirements={PYPROJECT: json.dumps(old)}
    )

    found = recipe(Path("/uv"), tree, VENV, Path("/exported/requirements.txt"), [])

    assert found.wanted == ((LISTED, "."),)


def test_what_is_added_to_a_pylock_is_installed_after_it() -> None:
    assert made(Source.PYLOCK).wanted == (("--requirement=pylock.toml",), ("gunicorn",))


@pytest.mark.parametrize(
    ("source", "lies"),
    [
        (Source.POETRY, "/exported/requirements.txt /venvs/1/pushdeploy.requirements.txt"),
        (Source.PYLOCK, "pylock.toml /venvs/1/pylock.pushdeploy.toml"),
    ],
)
def test_what_a_lock_has_is_kept_beside_the_packages(source: Source, lies: str) -> None:
    how = made(source)

    assert how.first == (["/bin/cp", *lies.split()],)
    assert lies.endswith(how.pins)


def test_what_is_kept_there_no_package_may_bring() -> None:
    assert {REQUIREMENTS, PYLOCK} <= set(SETTINGS)


def of_pylock(*groups: str, usual: tuple[str, ...] = ("default",)) -> list[str]:
    """The words of uv for a pylock.toml as PDM writes it, but for its path."""
    said = {
        "extras": ["more"],
        "dependency-groups": ["default", "dev", "jobs"],
        "default-groups": usual,
    }
    tree = replace(
        TREE,
        source=Source.PYLOCK,
        requirements={PYLOCK_GROUPS: json.dumps(said)},
        settings=RepoSettings(file=PYPROJECT, groups=groups),
    )
    ((_, *words),) = recipe(Path("/uv"), tree, VENV, Path("/unused"), []).wanted
    return words


def test_groups_of_a_pylock_come_beside_the_usual_ones() -> None:
    assert of_pylock() == []
    assert of_pylock("more") == ["--extra=more"]
    assert of_pylock("jobs", "more") == ["--group=default", "--group=jobs", "--extra=more"]


def test_a_group_that_a_pylock_lacks_or_uv_could_not_add_is_refused() -> None:
    with pytest.raises(RefusedInputError, match=r"`pylock\.toml` has no group `job`"):
        of_pylock("job")
    with pytest.raises(RefusedInputError, match="can't install the group `jobs` beside"):
        of_pylock("jobs", usual=("main",))


def test_a_lock_is_read_as_it_is_and_without_groups_for_development() -> None:
    ((_, *words),) = made(Source.UV).first

    assert words[0] == "export"
    assert {"--frozen", "--no-default-groups"} <= set(words)


def test_groups_and_extras_that_the_repo_names_are_installed_too() -> None:
    ((*_, group, extra),) = made(Source.UV, groups=("jobs", "more")).first

    assert (group, extra) == ("--group=jobs", "--extra=more")


def test_a_group_that_is_not_there_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="no group `job`"):
        made(Source.UV, groups=("job",))


def test_an_old_setuptools_is_installed_last() -> None:
    tree = replace(TREE, source=Source.REQUIREMENTS)

    made_so = recipe(Path("/uv"), tree, VENV, Path("/pins"), ["gunicorn", SETUPTOOLS])

    assert made_so.wanted == (("--requirement=requirements.txt", "gunicorn"), (SETUPTOOLS,))


def test_extras_of_a_package_that_is_linked_to_stand_in_brackets() -> None:
    made_so = made(Source.PYPROJECT, project=True, groups=("jobs", "more"))

    assert made_so.wanted == (("--editable=.[more]", "--group=jobs", "gunicorn"),)


def test_packages_of_an_explicit_index_are_exported_with_it() -> None:
    index = {"name": "ours", "url": "https://pypi.example.com", "explicit": True}
    project = {"tool": {"uv": {"index": [index]}}}
    tree = replace(TREE, source=Source.UV, requirements={PYPROJECT: json.dumps(project)})

    found = recipe(Path("/uv"), tree, VENV, Path("/unused"), ["gunicorn"])

    ((*_, form, output, _),) = found.first
    assert (form, output) == (
        "--format=pylock.toml",
        "--output-file=/venvs/1/pylock.pushdeploy.toml",
    )
    assert found.wanted == (("--requirement=/venvs/1/pylock.pushdeploy.toml",), ("gunicorn",))
