"""What a web line names and is not there, told from an import that fails in the code."""

from __future__ import annotations

import pytest

from pushdeploy.model.web_line import advice

FIX = "fix the web line of the Procfile, commit, and push again"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("gunicon app:app", "bash: line 1: exec: gunicon: not found"),
        ("gunicon app:app", "bash: line 1: gunicon: command not found"),
        ("gunicon app:app", "/bin/sh: 1: gunicon: not found"),
        ("gunicorn ap:app", "    raise\nModuleNotFoundError: No module named 'ap'"),
        ("gunicorn mysite.wsgi", "ModuleNotFoundError: No module named 'mysite'"),
        ("gunicorn app:application", "Failed to find attribute 'application' in 'app'."),
        ("uvicorn ap:app", 'ERROR:    Error loading ASGI app. Could not import module "ap".'),
        ("uvicorn app:ap", 'Error loading ASGI app. Attribute "ap" not found in module "app".'),
        ("python sevre.py", "python: can't open file '/a/b/sevre.py': [Errno 2] No such file"),
        ("python -m nope", "/venv/bin/python: No module named nope"),
    ],
)
def test_a_line_that_names_what_is_not_there_is_to_be_fixed(command: str, output: str) -> None:
    assert advice(command, output) == FIX


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("gunicorn app:app", "ModuleNotFoundError: No module named 'requests'"),
        ("gunicorn wsgi:app", "ModuleNotFoundError: No module named 'app'"),
        ("gunicorn app:app", "ModuleNotFoundError: No module named 'app.models'"),
        ("gunicorn app:app", "sh: 1: convert: not found"),
        ("gunicorn app:app", ""),
    ],
)
def test_what_the_code_lacks_is_not_the_line_s_fault(command: str, output: str) -> None:
    assert advice(command, output) is None


def test_a_server_that_is_not_installed_belongs_in_the_requirements() -> None:
    said = advice("uvicorn app:app", "bash: line 1: exec: uvicorn: not found")

    assert said == "add uvicorn to requirements.txt, commit, and push again"
