"""A static mount is a plain URL prefix and a folder of the code or of storage."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import PushdeployError
from pushdeploy.model.static_mount import DEFAULT_MOUNTS, StaticMount, mounts, parse_static_mount

SAFE = re.compile(r"[A-Za-z0-9._~/-]+")


@pytest.mark.parametrize(
    ("url", "folder", "mount", "shared"),
    [
        ("/media", "shared/media", StaticMount("/media", "shared/media"), "media"),
        ("/media/", "shared/media/", StaticMount("/media", "shared/media"), "media"),
        ("/assets", "dist/assets", StaticMount("/assets", "dist/assets"), None),
        ("/a/b", "public", StaticMount("/a/b", "public"), None),
        ("/s", "shared_files", StaticMount("/s", "shared_files"), None),
    ],
)
def test_a_mount_is_parsed(url: str, folder: str, mount: StaticMount, shared: str | None) -> None:
    parsed = parse_static_mount(url, folder)

    assert parsed == mount
    assert parsed.shared == shared


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("/", "public"),
        ("", "public"),
        ("media", "public"),
        ("//media", "public"),
        ("/../x", "public"),
        ("/a/../b", "public"),
        ("/.git", "public"),
        ("/a b", "public"),
        ("/a;", "public"),
        ("/a{", "public"),
        ("/$uri", "public"),
        ("/a\n", "public"),
        ("/a", ""),
        ("/a", "."),
        ("/a", "/etc"),
        ("/a", "../x"),
        ("/a", "shared/../x"),
        ("/a", "shared/"),
        ("/a", ".git"),
        ("/a", "x; y"),
    ],
)
def test_what_would_hide_the_app_or_leave_the_tree_is_refused(url: str, folder: str) -> None:
    with pytest.raises(PushdeployError):
        parse_static_mount(url, folder)


@pytest.mark.parametrize(
    ("url", "folder", "meant"),
    [
        ("media", "public", "/media public"),
        ("/media", "/public", "/media public"),
        ("public", "/media", "/media public"),
        ("shared/media", "/media", "/media shared/media"),
        ("/a b", "x; y", "/media shared/media"),
        ("/a", "../x", "/media shared/media"),
    ],
)
def test_the_hint_is_the_command_as_it_was_meant(url: str, folder: str, meant: str) -> None:
    with pytest.raises(PushdeployError) as refused:
        parse_static_mount(url, folder)

    assert refused.value.hint == f"pushdeploy static:add {meant}"
    assert "storage folder" not in refused.value.message


@given(st.text(), st.text())
def test_whatever_comes_nginx_reads_no_more_than_a_path(url: str, folder: str) -> None:
    try:
        mount = parse_static_mount(f"/{url}", folder)
    except PushdeployError:
        return

    assert SAFE.fullmatch(mount.url)
    assert SAFE.fullmatch(mount.folder)
    assert ".." not in mount.url.split("/")
    assert parse_static_mount(mount.url, mount.folder) == mount


def test_an_added_mount_wins_over_the_default_of_its_url() -> None:
    added = StaticMount("/static", "dist")

    assert mounts([]) == DEFAULT_MOUNTS
    assert mounts([added, StaticMount("/media", "shared/media")]) == (
        StaticMount("/media", "shared/media"),
        added,
    )
