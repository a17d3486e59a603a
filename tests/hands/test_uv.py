"""uv's commands as values, and which Pythons are found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system import uv


def test_the_preferred_python_comes_first_and_each_version_once() -> None:
    found = uv.interpreters(Path(sys.executable))

    versions = [one.version for one in found]
    assert found[0].path == Path(sys.executable)
    assert str(found[0].version) == ".".join(map(str, sys.version_info[:3]))
    assert len(set(versions)) == len(versions)
    assert all(one.path.exists() for one in found)


def test_what_is_no_python_is_said(tmp_path: Path) -> None:
    false = tmp_path / "python3"
    false.write_text("#!/bin/sh\necho Ruby 3.3\n")
    false.chmod(0o755)

    for path in (false, tmp_path / "nothing"):
        with pytest.raises(UnavailableError, match="is not a Python"):
            uv.interpreter(path)


def test_packages_are_copied_and_no_python_is_fetched(tmp_path: Path) -> None:
    settings = dict(uv.settings(tmp_path))

    assert settings["UV_LINK_MODE"] == "copy"
    assert settings["UV_PYTHON_DOWNLOADS"] == "never"
    assert settings["UV_CACHE_DIR"] == f"{tmp_path}/uv"


def test_requirements_and_extras_are_installed_into_the_venv(tmp_path: Path) -> None:
    line = uv.install(Path("/uv"), tmp_path / "venv", ["requirements.txt"], ["gunicorn"])

    assert line[:3] == ["/uv", "pip", "install"]
    assert line[-2:] == ["--requirement=requirements.txt", "gunicorn"]
    assert f"--python={tmp_path}/venv/bin/python" in line
