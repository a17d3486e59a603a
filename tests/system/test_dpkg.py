"""dpkg's files tell what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.dpkg import INFO, missing

if TYPE_CHECKING:
    from pathlib import Path


def test_packages_are_known_with_and_without_an_architecture(tmp_path: Path) -> None:
    for name in ("git.list", "libpq5:amd64.list"):
        (tmp_path / name).touch()

    assert missing(["git", "libpq5", "libpq-dev", "libpq"], tmp_path) == ("libpq-dev", "libpq")


def test_without_dpkg_nothing_is_said_to_be_missing(tmp_path: Path) -> None:
    assert missing(["git"], tmp_path / "nothing") == ()


@pytest.mark.skipif(not INFO.is_dir(), reason="not a Debian")
def test_this_machine_has_dpkg_itself() -> None:
    assert missing(["dpkg", "no-such-package-of-ours"]) == ("no-such-package-of-ours",)
