"""What defines the packages of a tree: all that changes them, and nothing else."""

from __future__ import annotations

import json

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependencies import Dependencies, find_dependencies

PROJECT = '[project]\nname = "shop"\ndependencies = ["Flask>=3", "zope.interface"]\n'
PACKAGED = '[build-system]\nrequires = ["hatchling"]\n'
LOCKED = '[[package]]\nname = "flask"\nversion = "3"\n\n[[package]]\nname = "gunicorn"\n'
NOT_PACKAGED = "[tool.poetry]\npackage-mode = false"
POETRY = '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\nflask = "*"\n'


def needs(**files: str) -> Dependencies:
    """Of a tree with these files: `uv_lock` is `uv.lock`."""
    found = {name.replace("_", "."): text for name, text in files.items()}
    return find_dependencies(found, found.get)


@pytest.mark.parametrize(
    "files",
    [
        {"requirements_txt": "flask\nGunicorn==27\n"},
        {"uv_lock": LOCKED, "pyproject_toml": PROJECT},
        {"poetry_lock": LOCKED, "pyproject_toml": POETRY},
        {"pdm_lock": LOCKED, "pyproject_toml": PROJECT},
        {"pylock_toml": LOCKED.replace("[[package]]", "[[packages]]")},
        {"Pipfile_lock": json.dumps({"default": {"Flask": {}, "gunicorn": {}}})},
        {"pyproject_toml": PROJECT.replace("zope.interface", "gunicorn[gevent]")},
        {"pyproject_toml": f'{POETRY}gunicorn = ">=27"\n'},
        {"setup_py": 'setup(install_requires=["flask>=3", "gunicorn"])\n'},
        {"setup_cfg": "[options]\ninstall_requires =\n    flask\n    gunicorn\n"},
    ],
)
def test_the_packages_of_every_kind_of_list_are_known_by_name(files: dict[str, str]) -> None:
    assert needs(**files).packages >= {"flask", "gunicorn"}


def test_a_tree_without_a_list_needs_nothing() -> None:
    assert needs(app_py="").texts == {}


@pytest.mark.parametrize(
    "other",
    [
        {"uv_lock": f"{LOCKED}\n"},
        {"pyproject_toml": PROJECT.replace("3", "2")},
        {"uv_toml": 'index-url = "https://pypi.example.com"\n'},
        {"pyproject_toml": f'{PROJECT}[tool.uv]\nindex-url = "https://pypi.example.com"\n'},
        {"pyproject_toml": f'{PROJECT}[dependency-groups]\njobs = ["rq"]\n'},
    ],
)
def test_what_changes_the_packages_changes_what_defines_them(other: dict[str, str]) -> None:
    one = {"uv_lock": LOCKED, "pyproject_toml": PROJECT}

    assert needs(**{**one, **other}).texts != needs(**one).texts


def test_a_linters_settings_change_nothing() -> None:
    one = {"uv_lock": LOCKED, "pyproject_toml": PROJECT}
    other = {**one, "pyproject_toml": f"{PROJECT}[tool.ruff]\nline-length = 80\n"}

    assert needs(**other) == needs(**one)


def test_a_lock_of_any_length_is_a_digest() -> None:
    many = LOCKED * 10_000

    assert len(needs(uv_lock=many).texts["uv.lock"]) == 64


def test_the_groups_of_a_pylock_are_handed_on() -> None:
    head = 'extras = ["more"]\ndependency-groups = [\n  "jobs",\n]\n'

    found = needs(pylock_toml=f"{head}\n[[packages]]\nname = 'six'\n").texts

    said = {"extras": ["more"], "dependency-groups": ["jobs"]}
    assert json.loads(found["pylock.toml [groups]"]) == said


@pytest.mark.parametrize(
    "head", ["", "extras = []\n", "extras = 1\n", "extras = [\n", "a" * 70_000]
)
def test_a_pylock_without_groups_or_head_is_a_digest_alone(head: str) -> None:
    assert set(needs(pylock_toml=f"{head}\n[[packages]]\n").texts) == {"pylock.toml"}


def test_requirements_are_defined_by_all_that_they_include_and_by_uvs_own_settings() -> None:
    uv = '[tool.uv]\nindex-url = "https://pypi.example.com"\n'
    found = needs(requirements_txt="-r more.txt\n", more_txt="flask\n", pyproject_toml=uv)

    assert set(found.texts) == {"requirements.txt", "more.txt", "pyproject.toml [tool.uv]"}
    assert found.packages == {"flask"}


def test_a_broken_pyproject_beside_requirements_is_nobodys_business() -> None:
    assert needs(requirements_txt="flask\n", pyproject_toml="[").packages == {"flask"}


@pytest.mark.parametrize(
    ("files", "project"),
    [
        ({"pyproject_toml": PROJECT}, False),
        ({"pyproject_toml": PROJECT + PACKAGED}, True),
        ({"pyproject_toml": f"{PROJECT}{PACKAGED}[tool.uv]\npackage = false\n"}, False),
        ({"setup_py": ""}, True),
        ({"poetry_lock": "", "pyproject_toml": POETRY, "shop_py": ""}, True),
        ({"poetry_lock": "", "pyproject_toml": POETRY}, False),
        (
            {"poetry_lock": "", "pyproject_toml": f"{POETRY}[[tool.poetry.packages]]\nfrom='x'\n"},
            True,
        ),
        (
            {
                "poetry_lock": "",
                "pyproject_toml": POETRY.replace(
                    "[tool.poetry]", "[tool.poetry]\npackage-mode = false"
                ),
                "shop_py": "",
            },
            False,
        ),
        ({"pdm_lock": "", "pyproject_toml": PROJECT}, False),
        ({"pdm_lock": "", "pyproject_toml": PROJECT + PACKAGED}, True),
        ({"pdm_lock": "", "pyproject_toml": f"{PROJECT}[tool.pdm]\ndistribution = true\n"}, True),
        ({"Pipfile_lock": '{"default": {}}'}, False),
    ],
)
def test_the_project_itself_is_installed_where_its_tool_would(
    files: dict[str, str], *, project: bool
) -> None:
    found = needs(**files)

    assert (found.project, found.local) == (project, project)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv_lock", 'source = { editable = "." }'),
        ("uv_lock", 'source = { directory = "vendor/reports" }'),
        ("uv_lock", 'source = { path = "vendor/reports.whl" }'),
        ("poetry_lock", '[package.source]\ntype = "directory"\nurl = "vendor"\n'),
        ("pdm_lock", 'path = "./vendor"\n'),
        ("pylock_toml", 'directory = {path = "vendor"}'),
        ("Pipfile_lock", '{"default": {"reports": {"path": "./vendor"}}}'),
    ],
)
def test_a_lock_that_names_a_folder_of_the_repo_is_built_from_the_tree(
    name: str, text: str
) -> None:
    assert needs(**{name: text, "pyproject_toml": f"{PROJECT}{NOT_PACKAGED}\n"}).local


def test_a_lock_of_published_packages_is_not_built_from_the_tree() -> None:
    sources = ('{ registry = "https://pypi.org/simple" }', '{ virtual = "." }')
    locked = LOCKED + "".join(f"source = {one}\n" for one in sources)

    assert not needs(uv_lock=locked, pyproject_toml=PROJECT).local


def test_a_lock_that_no_pipenv_wrote_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="not what pipenv writes"):
        needs(Pipfile_lock="[]")


def test_a_pyproject_that_is_not_toml_is_refused_where_it_counts() -> None:
    with pytest.raises(RefusedInputError, match="not TOML"):
        needs(uv_lock=LOCKED, pyproject_toml="[")


CONDA = "dependencies:\n  - python=3.13\n  - Flask\n  - pip:\n    - gunicorn\n"


def test_an_environment_yml_lists_packages_of_conda_and_of_pip() -> None:
    found = needs(environment_yml=CONDA, pyproject_toml=PROJECT)

    assert found.source == "environment.yml"
    assert found.packages == {"python", "flask", "gunicorn"}
    assert not found.local
    assert found.texts == needs(environment_yml=f"name: shop  # mine\n{CONDA}").texts


def test_requirements_count_before_an_environment_yml_unless_it_includes_them() -> None:
    both = {"environment_yml": CONDA, "requirements_txt": "six\n"}
    including = {**both, "environment_yml": f"{CONDA}    - -r requirements.txt\n    - -e .\n"}

    beside, inside = needs(**both), needs(**including)

    assert (beside.source, beside.passed_over) == ("requirements.txt", ("environment.yml",))
    assert (inside.source, inside.passed_over) == ("environment.yml", ("requirements.txt",))
    assert (inside.local, "six" in inside.packages) == (True, True)
    assert inside.texts["requirements.txt"] == "six\n"
