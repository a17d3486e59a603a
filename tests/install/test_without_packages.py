"""What the installer runs before there are packages needs the standard library alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pushdeploy.system.command import Command, attempt

ROOT = Path(__file__).parents[2]
IMPORT = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import "


@pytest.mark.parametrize("name", ["main", "check", "uninstall"])
def test_before_anything_is_installed_no_package_is_imported(name: str) -> None:
    line = [sys.executable, "-I", "-S", "-B", "-c", f"{IMPORT}pushdeploy.install.{name}"]

    done = attempt(Command(line))

    assert (done.status, done.stderr) == (0, "")
