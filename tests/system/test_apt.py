"""What apt-get is told; the real program, which only says what it would do."""

from __future__ import annotations

import shutil

import pytest

from pushdeploy.system.apt import BY_NAME, INSTALL
from pushdeploy.system.command import Command, attempt


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get here")
@pytest.mark.parametrize("name", ["bas.", "b.sh", "libc.", "apt-g.t"])
def test_a_name_that_is_no_package_installs_none(name: str) -> None:
    line = ["apt-get", "--simulate", "--option", BY_NAME, *INSTALL, "--", name]

    said = attempt(Command(line))

    assert said.status != 0
    assert f"Unable to locate package {name}" in said.stderr
