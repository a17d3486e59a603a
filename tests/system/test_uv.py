"""uv's commands as values, and which Pythons are found."""

from __future__ import annotations

from pathlib import Path

from pushdeploy.system import uv


def test_packages_are_copied_and_no_python_is_fetched(tmp_path: Path) -> None:
    settings = dict(uv.settings(tmp_path))

    assert settings["UV_LINK_MODE"] == "copy"
    assert settings["UV_PYTHON_DOWNLOADS"] == "never"
    assert settings["UV_CACHE_DIR"] == str(tmp_path)


def test_requirements_and_extras_are_installed_into_the_venv(tmp_path: Path) -> None:
    line = uv.install(Path("/uv"), tmp_path / "venv", ["requirements.txt"], ["gunicorn"])

    assert line[:3] == ["/uv", "pip", "install"]
    assert line[-2:] == ["--requirement=requirements.txt", "gunicorn"]
    assert f"--python={tmp_path}/venv/bin/python" in line
