"""uv's commands as values, and which Pythons are found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pushdeploy.model.python_version import PythonVersion
from pushdeploy.system import uv


def test_packages_are_copied_and_no_python_is_fetched(tmp_path: Path) -> None:
    settings = dict(uv.settings(tmp_path))

    assert settings["UV_LINK_MODE"] == "copy"
    assert settings["UV_PYTHON_DOWNLOADS"] == "never"
    assert settings["UV_CACHE_DIR"] == str(tmp_path)


def test_requirements_and_extras_are_installed_into_the_venv(tmp_path: Path) -> None:
    wanted = ["--requirement=requirements.txt", "gunicorn"]

    line = uv.install(Path("/uv"), tmp_path / "venv", wanted)

    assert line[:3] == ["/uv", "pip", "install"]
    assert line[-2:] == ["--requirement=requirements.txt", "gunicorn"]
    assert f"--python={tmp_path}/venv/bin/python" in line


def test_the_pythons_that_could_be_fetched_are_releases_of_cpython() -> None:
    text = json.dumps(
        [
            {"implementation": "cpython", "variant": "default", "version": "3.16.0a2"},
            {"implementation": "cpython", "variant": "default", "version": "3.14.10"},
            {"implementation": "cpython", "variant": "freethreaded", "version": "3.13.2"},
            {"implementation": "pypy", "variant": "default", "version": "3.12.15"},
        ]
    )

    assert uv.parse_fetchable(text) == [PythonVersion(3, 14, 10)]
    assert uv.parse_fetchable("error: no") == []


def test_uv_itself_lists_them() -> None:
    program = Path(sys.executable).with_name("uv")

    assert any(version.minor == 14 for version in uv.fetchable(program))
