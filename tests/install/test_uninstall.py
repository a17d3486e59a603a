"""Whoever uninstalls is told what is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.install.uninstall import left
from pushdeploy.model.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

STAYS = "Debian packages that were installed stay."


def layout(root: Path) -> Layout:
    """A server below a folder."""
    return Layout(settings=root / "etc", state=root / "state", run=root / "run", log=root / "log")


def test_each_place_that_is_still_there_is_named(tmp_path: Path) -> None:
    server = layout(tmp_path)
    server.state.mkdir()
    server.settings.mkdir()

    said = left(server, ["blog"], owners=True)

    assert said == [
        "Still here:",
        f"  {server.state}: releases, storage and config vars, with the users that own it",
        f"  {server.settings}: settings, keys and certificates of your own",
        "  certificates of certbot, for blog",
        "To delete that too: sudo ./installer.sh uninstall --purge",
        STAYS,
    ]


def test_where_nothing_is_left_only_the_packages_are_told(tmp_path: Path) -> None:
    assert left(layout(tmp_path), [], owners=False) == [STAYS]
