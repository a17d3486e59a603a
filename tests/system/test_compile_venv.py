"""Compiling a venv finds out whether an old package needs the setuptools that has pkg_resources."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.compile_venv import NEEDS_SETUPTOOLS
from pushdeploy.system.uv import COMPILER

if TYPE_CHECKING:
    from pathlib import Path


def compiled(venv: Path, files: dict[str, str]) -> int:
    """The exit status for a venv with these modules."""
    packages = venv / "lib" / "python3.11" / "site-packages"
    for name, text in files.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text)
    return subprocess.run(
        [sys.executable, "-I", "-S", str(COMPILER), str(venv)], check=False, timeout=60
    ).returncode


def test_modules_are_compiled(tmp_path: Path) -> None:
    assert compiled(tmp_path, {"flask/__init__.py": "X = 1\n", "broken.py": "def\n"}) == 0

    assert len(list(tmp_path.rglob("*.pyc"))) == 1


@pytest.mark.parametrize("line", ["import pkg_resources\n", "x = 1\nfrom pkg_resources import a\n"])
def test_a_module_that_can_t_do_without_pkg_resources_is_found(line: str, tmp_path: Path) -> None:
    assert compiled(tmp_path, {"gunicorn/util.py": line}) == NEEDS_SETUPTOOLS


@pytest.mark.parametrize(
    "files",
    [
        {"a/__init__.py": "try:\n    import pkg_resources\nexcept ImportError:\n    pass\n"},
        {"a.py": "import pkg_resources_of_ours\n"},
        {"a.py": "import pkg_resources\n", "pkg_resources/__init__.py": ""},
        {"setuptools/old.py": "import pkg_resources\n"},
    ],
)
def test_who_can_do_without_it_or_has_it_needs_nothing(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert compiled(tmp_path, files) == 0
