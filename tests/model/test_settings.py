"""An app's settings are read as they were written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.database import Database
from pushdeploy.model.formation import Formation
from pushdeploy.model.settings import (
    WARM_SECONDS,
    AppSettings,
    CertificateKind,
    parse_settings,
    render_settings,
)
from pushdeploy.model.site_settings import SiteSettings
from pushdeploy.model.static_mount import StaticMount

FORMATIONS = st.builds(
    lambda web, others: Formation({"web": web, **others}),
    st.none() | st.integers(1, 100),
    st.dictionaries(
        st.from_regex(r"[a-vx-z][a-z0-9_-]{0,10}", fullmatch=True), st.integers(0, 100), max_size=3
    ).map(lambda types: {name: count for name, count in types.items() if name != "release"}),
)
DOMAINS = ["blog.example.com", "*.example.com", "xn--bcher-kva.example"]
MOUNTS = [StaticMount("/media", "shared/media"), StaticMount("/a/b", "dist")]
SETTINGS = st.builds(
    AppSettings,
    port=st.integers(1, 65535),
    branch=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    formation=FORMATIONS,
    storage=st.lists(st.sampled_from(["instance", "media/uploads", "data"]), unique=True).map(
        tuple
    ),
    databases=st.sets(st.sampled_from(Database)).map(sorted).map(tuple),
    redis_memory=st.integers(16, 4096),
    warm=st.integers(0, 100_000),
    domains=st.lists(st.sampled_from(DOMAINS), unique=True).map(tuple),
    certified=st.lists(st.sampled_from(DOMAINS), unique=True).map(tuple),
    certificate=st.sampled_from(CertificateKind),
    static=st.lists(st.sampled_from(MOUNTS), unique=True).map(tuple),
    site=st.dictionaries(
        st.sampled_from(["client-body-timeout", "send-timeout"]),
        st.integers(1, 99999).map(lambda seconds: f"{seconds}s"),
    ).map(SiteSettings),
)


@given(SETTINGS)
def test_settings_are_read_as_they_were_written(settings: AppSettings) -> None:
    assert parse_settings(render_settings(settings)) == settings


@given(SETTINGS, SETTINGS)
def test_another_site_leaves_what_a_deploy_changes(one: AppSettings, other: AppSettings) -> None:
    changed = one.with_site_of(other)

    assert changed.with_site_of(one) == one
    mixed = replace(
        other,
        port=one.port,
        branch=one.branch,
        warm=one.warm,
        watchdog=one.watchdog,
        formation=one.formation,
        storage=one.storage,
        databases=one.databases,
        redis_memory=one.redis_memory,
    )
    assert changed == mixed


def test_a_port_is_enough() -> None:
    assert parse_settings("port = 8000\n") == AppSettings(port=8000, warm=WARM_SECONDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "port",
        "port = [",
        'port = "x"',
        "port = 8000\nformation = 7",
        'port = 8000\n[formation]\nworker = "many"',
        "port = 8000\n[formation]\nweb = 0",
        "port = 8000\nstorage = 7",
        'port = 8000\nwarm = "long"',
        "port = 8000\n\x00",
        'port = 8000\ncertificate = "other"',
        'port = 8000\n[static]\n"/a{" = "x"',
        'port = 8000\n[static]\n"/a" = "../x"',
        'port = 8000\n[nginx]\nreturn = "200"',
        'port = 8000\n[nginx]\nsend-timeout = "1;"',
    ],
)
def test_what_are_no_settings_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError, match=r"settings\.toml can't be read"):
        parse_settings(text)


def test_a_change_leaves_the_rest() -> None:
    before = AppSettings(port=8000, branch="main")

    after = before.changed(warm=0)

    assert (after.port, after.branch, after.warm) == (8000, "main", 0)
    assert before.warm == WARM_SECONDS
