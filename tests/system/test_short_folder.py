"""Sockets need short paths, whatever the root is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushdeploy.errors import UnavailableError
from pushdeploy.model.layout import embedded
from pushdeploy.system.short_folder import LONGEST_PATH, PLAIN, make_own_folder, short_folder

ROOTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(deadline=None)
@given(ROOTS.map(lambda name: Path("/") / name))
def test_every_socket_fits_and_no_pattern_is_in_its_path(root: Path) -> None:
    layout = embedded(root, short_folder(root))

    longest = str(layout.app("a" * 29).web_socket(99_999_999))
    assert len(os.fsencode(longest)) <= LONGEST_PATH
    assert PLAIN.fullmatch(longest)


def test_a_short_and_plain_root_has_its_sockets_within() -> None:
    assert short_folder(Path("/srv/demo")) == Path("/srv/demo/run")


def test_two_roots_never_share_and_one_root_always_has_the_same() -> None:
    first, second = Path("/srv/my demo"), Path("/srv/your demo")

    assert short_folder(first) == short_folder(first)
    assert short_folder(first) != short_folder(second)


def test_our_own_folder_is_closed_to_others(tmp_path: Path) -> None:
    make_own_folder(tmp_path / "run")
    (tmp_path / "run").chmod(0o755)

    make_own_folder(tmp_path / "run")

    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_that_somebody_made_before_us_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    os.chown(tmp_path / "run", 65534, 65534)

    with pytest.raises(UnavailableError, match="somebody else"):
        make_own_folder(tmp_path / "run")


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to("elsewhere")

    with pytest.raises(UnavailableError, match="somebody else"):
        make_own_folder(tmp_path / "run")
