"""URLs of git remotes: which name a server of ours, and what ssh may be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.remote import Remote, parse_remote


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("deploy@example.org:blog", Remote("example.org", "blog")),
        ("deploy@example.org:/blog", Remote("example.org", "blog")),
        ("deploy@example.org:blog.git", Remote("example.org", "blog")),
        ("deploy@192.0.2.1:my-shop", Remote("192.0.2.1", "my-shop")),
        ("myhost:blog", Remote("myhost", "blog", user=None)),
        ("deploy@[2001:db8::1]:blog", Remote("2001:db8::1", "blog")),
        ("ssh://deploy@example.org/blog", Remote("example.org", "blog")),
        ("ssh://deploy@example.org:2222/blog/", Remote("example.org", "blog", port=2222)),
        ("ssh://deploy@[::1]:2222/blog", Remote("::1", "blog", port=2222)),
    ],
)
def test_a_remote_of_ours_is_read(url: str, remote: Remote) -> None:
    assert parse_remote(url) == remote


@pytest.mark.parametrize(
    "url",
    [
        "",
        "git@github.com:alice/blog.git",
        "https://example.org/blog",
        "/srv/apps/blog/repo.git",
        "../blog",
        "file:///srv/blog",
        "deploy@example.org",
        "deploy@example.org:",
        "deploy@example.org:Blog",
        "ssh://deploy@example.org:22222222/blog",
        "-oProxyCommand=id:blog",
        "deploy@-oProxyCommand=id:blog",
        "-l@example.org:blog",
        "ssh://-oProxyCommand=id/blog",
        "deploy@a b:blog",
        "deploy@host\n:blog",
        "deploy@host:blog\n",
    ],
)
def test_another_url_is_none_of_ours(url: str) -> None:
    assert parse_remote(url) is None


@given(
    host=st.sampled_from(["example.org", "192.0.2.1", "2001:db8::1", "my_alias"]),
    app=st.from_regex(r"[a-z]([a-z0-9-]{0,27}[a-z0-9])?", fullmatch=True),
    user=st.sampled_from(["deploy", "git", None]),
    port=st.none() | st.integers(1, 65535),
)
def test_what_is_shown_to_paste_is_read_back(
    host: str, app: str, user: str | None, port: int | None
) -> None:
    remote = Remote(host, app, user, port)

    assert parse_remote(remote.url) == remote


@given(st.text())
def test_ssh_never_reads_an_option_in_a_login(url: str) -> None:
    remote = parse_remote(url)

    assert remote is None or not remote.login.startswith("-")
