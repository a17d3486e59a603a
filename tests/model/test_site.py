"""A site holds nothing that nginx could read as its own language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pushdeploy.errors import PushdeployError
from pushdeploy.model.site import Site
from pushdeploy.model.site_settings import SiteSettings
from pushdeploy.model.static_mount import DEFAULT_MOUNTS, StaticMount

ROOT = Path("/var/lib/pushdeploy/apps/blog")
SITE = Site(
    app="blog",
    domains=("blog.example.com", "www.example.com"),
    default=False,
    root=ROOT,
    shared=ROOT / "shared",
    mounts=DEFAULT_MOUNTS,
    settings=SiteSettings(),
    certificate=None,
    secured=("blog.example.com",),
)
HOSTILE = "a.example.com; return 200 pwn"


def test_names_without_the_certificate_stay_plain() -> None:
    assert SITE.plain == ("www.example.com",)
    assert replace(SITE, secured=()).plain == SITE.domains


def test_without_a_name_every_name_is_plain() -> None:
    assert replace(SITE, domains=(), secured=()).plain == ("_",)


@pytest.mark.parametrize(
    "fields",
    [
        {"app": "blog; x"},
        {"app": "../blog"},
        {"domains": (HOSTILE,)},
        {"domains": ("Blog.example.com",)},
        {"secured": (HOSTILE,)},
        {"mounts": (StaticMount("/a{", "static"),)},
        {"mounts": (StaticMount("/", "static"),)},
        {"mounts": (StaticMount("/a", "../x"),)},
        {"mounts": (StaticMount("/a", "shared/x; y"),)},
        {"mounts": (StaticMount("/a/", "static"),)},
    ],
)
def test_what_was_not_parsed_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(PushdeployError):
        replace(SITE, **fields)  # type: ignore[arg-type]
