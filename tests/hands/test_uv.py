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


def test_packages_are_copied_into_an_environment_built_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("UV_LINK_MODE", "hardlink")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://packages.example/simple")

    environment = uv.environment(tmp_path)

    assert "SECRET_KEY" not in environment
    assert environment["UV_LINK_MODE"] == "copy"
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"
    assert environment["https_proxy"] == "http://proxy:3128"
    assert environment["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    assert environment["HOME"] == str(tmp_path)


def test_requirements_and_extras_are_installed_from_the_code_folder(tmp_path: Path) -> None:
    command = uv.install(
        Path("/uv"), tmp_path / "venv", ["requirements.txt"], ["gunicorn"], tmp_path, tmp_path
    )

    assert list(command.argv[:3]) == ["/uv", "pip", "install"]
    assert list(command.argv[-2:]) == ["--requirement=requirements.txt", "gunicorn"]
    assert f"--python={tmp_path}/venv/bin/python" in command.argv
    assert command.folder == tmp_path
