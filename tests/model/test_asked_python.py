"""Which file of a repo says which Python it wants."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.asked_python import AskedPython, asked_python

FILES = {
    ".python-version": "3.14\n3.13\n",
    "runtime.txt": "python-3.12.x\n",
    "Pipfile": '[packages]\nflask = "*"\n[requires]\npython_version = "3.11"\n',
    "pyproject.toml": '[project]\nname = "blog"\nrequires-python = ">=3.10,<4"\n',
}


def asked(**files: str) -> AskedPython:
    """What a repo with these files asks for."""
    return asked_python(files.get)


def test_the_first_file_that_says_anything_counts() -> None:
    left = dict(FILES)
    found = []
    while left:
        found.append(asked_python(left.get))
        del left[found[-1].file]

    assert [(one.versions, one.file) for one in found] == [
        ("3.14", ".python-version"),
        ("3.12", "runtime.txt"),
        ("3.11", "Pipfile"),
        (">=3.10,<4", "pyproject.toml"),
    ]


def test_a_repo_with_none_of_them_asks_for_nothing() -> None:
    assert asked() == AskedPython("", "")
    assert asked().wanted is None


@pytest.mark.parametrize(
    ("file", "text", "versions"),
    [
        ("Pipfile", '[requires]\npython_full_version = "3.11.4"\n', "3.11.4"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', "^3.11"),
        ("pyproject.toml", '[project]\nrequires-python = "any"\n', ""),
        ("pyproject.toml", "[project]\nrequires-python = 3\n", ""),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = {version = '3'}\n", ""),
        ("pyproject.toml", "[broken", ""),
        ("pyproject.toml", "project = 1\n", ""),
        ("Pipfile", "", ""),
    ],
)
def test_what_is_asked_is_found_or_nothing_is(file: str, text: str, versions: str) -> None:
    assert asked_python({file: text}.get).versions == versions


def test_a_python_version_without_a_version_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="contains no version"):
        asked_python({".python-version": "\n"}.get)
