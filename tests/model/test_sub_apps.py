"""A repo whose apps lie in folders is told which, and how one becomes the release."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.sub_apps import folders_with_apps, refuse_sub_apps
from pushdeploy.model.web_guess import guess_of

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
PROJECT = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['flask']\n"
ONE = {"web/app.py": FLASK, "web/pyproject.toml": PROJECT, "ui/package.json": "{}"}
TWO = {
    **ONE,
    "services/api/Procfile": "web: python api.py\n",
    "services/api/deep/requirements.txt": "flask\n",
    "services/api/deep/app.py": FLASK,
}


def refusal(files: dict[str, str], new: str = "") -> RefusedInputError | None:
    """What a tree of these files is told."""
    try:
        refuse_sub_apps(files, files.get, guess_of(files, files.get), new)
    except RefusedInputError as error:
        return error
    return None


def test_the_one_folder_that_has_an_app_becomes_the_release_by_a_file() -> None:
    error = refusal(ONE)

    assert error is not None
    assert error.message == "the root of the repo has nothing to run; the folder `web` has"
    assert error.hint == (
        """echo '{"pushdeploy": {"root": "web"}}' > app.json && git add app.json, commit, and """
        "push again"
    )


def test_several_are_named_and_one_is_chosen_for_each_app_by_a_command() -> None:
    error, first = refusal(TWO), refusal(TWO, new="shop")

    assert error is not None
    assert error.message.endswith("these folders have: `web`, `services/api`")
    assert error.hint == "pushdeploy apps:set root web"
    assert first is not None
    assert first.hint == "pushdeploy apps:create shop; pushdeploy apps:set root web --app shop"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"app.py": FLASK},
        {"requirements.txt": "flask\n", "web/app.py": FLASK, "web/requirements.txt": ""},
        {"docs/app.py": FLASK, "docs/requirements.txt": ""},
        {".ci/Procfile": "web: x\n"},
        {"web/requirements.txt": "", "web/notes.py": "x = 1\n"},
        {"a/b/c/d/app.py": FLASK, "a/b/c/d/requirements.txt": ""},
        {"web/app.py": FLASK},
        {"railway.json": '{"deploy": {"startCommand": "x"}}', **ONE},
    ],
)
def test_other_trees_are_not_spoken_of(files: dict[str, str]) -> None:
    assert refusal(files) is None


def test_a_folder_whose_name_needs_quotes_is_quoted() -> None:
    error = refusal({f"my {path}": text for path, text in ONE.items() if path.startswith("web")})

    assert error is not None
    assert error.hint == "pushdeploy apps:set root 'my web'"


def test_no_more_folders_are_named_than_can_be_read() -> None:
    many = {f"s{number}/Procfile": "web: x\n" for number in range(9)}

    error = refusal(many)

    assert error is not None
    assert error.message.endswith("`s0`, `s1`, `s2`, `s3` and 5 more")
    assert len(folders_with_apps(many, many.get)) == 9
