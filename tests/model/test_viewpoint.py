"""Of an app's addresses those are printed that work from where the person sits."""

from __future__ import annotations

import pytest

from pushdeploy.model.dns import DnsAnswer
from pushdeploy.model.viewpoint import Viewpoint, parse_connection, where

FRONT = "http://127.0.0.1:8001"
BARE = "http://10.0.0.5"
UNKNOWN = DnsAnswer().doubt("blog.example.com")
SILENT = DnsAnswer(failure="Temporary failure in name resolution").doubt("blog.example.com")
NAME = "https://blog.example.com"


@pytest.mark.parametrize(
    ("text", "netloc", "port", "behind"),
    [
        ("8.8.8.8 50000 9.9.9.9 22", "9.9.9.9", "22", False),
        ("8.8.8.8 50000 10.0.0.5 2222", "SERVER", "2222", True),
        ("10.0.0.9 50000 10.0.0.5 22", "10.0.0.5", "22", False),
        ("::ffff:8.8.8.8 50000 ::ffff:9.9.9.9 22", "9.9.9.9", "22", False),
        ("2001:4860::1 50000 2606:4700::2 22", "[2606:4700::2]", "22", False),
        ("127.0.0.1 50000 127.0.0.1 22", "127.0.0.1", "22", False),
    ],
)
def test_the_server_is_where_ssh_reached_it(
    text: str,
    netloc: str,
    port: str,
    behind: bool,  # noqa: FBT001
) -> None:
    seen = parse_connection(text)

    assert seen is not None
    assert (seen.netloc, seen.port, seen.behind) == (netloc, port, behind)


@pytest.mark.parametrize("text", ["", "UNKNOWN 65535 UNKNOWN 65535", "a b c", "1.1.1.1 1 x 22"])
def test_without_a_login_there_is_no_viewpoint(text: str) -> None:
    assert parse_connection(text) is None


def said(*urls: str, seen: Viewpoint | None) -> list[str]:
    """The lines and commands."""
    return [line or f"$ {command}" for line, command in where([*urls, FRONT], seen)]


def test_on_the_machine_itself_the_front_is_an_address() -> None:
    assert said(BARE, seen=None) == [BARE, FRONT]


def test_the_bare_address_is_the_one_that_was_reached() -> None:
    assert said(BARE, seen=Viewpoint("9.9.9.9")) == ["http://9.9.9.9"]


def test_a_domain_that_leads_here_is_enough() -> None:
    seen = Viewpoint("9.9.9.9", dns={"blog.example.com": None})

    assert said(NAME, seen=seen) == [NAME]


def test_a_domain_that_does_not_lead_here_is_said_with_two_ways_to_look() -> None:
    seen = Viewpoint("2606:4700::2", "2222", dns={"blog.example.com": UNKNOWN})

    assert said(NAME, seen=seen) == [
        NAME,
        f"{UNKNOWN.text}. Now:",
        "$ curl --resolve blog.example.com:443:[2606:4700::2] https://blog.example.com/",
        f"To look at it, open {FRONT} on your laptop during:",
        "$ ssh -L 8001:127.0.0.1:8001 -p 2222 YOU@2606:4700::2",
    ]


def test_a_server_whose_own_dns_is_silent_does_not_blame_the_domain() -> None:
    seen = Viewpoint("9.9.9.9", dns={"blog.example.com": SILENT})

    assert said(NAME, seen=seen) == [
        NAME,
        "This server can't look up blog.example.com: its own DNS gives no answer.",
    ]


def test_an_app_that_only_its_front_shows_is_reached_through_ssh() -> None:
    assert said(seen=Viewpoint("9.9.9.9")) == [
        f"To look at it, open {FRONT} on your laptop during:",
        "$ ssh -L 8001:127.0.0.1:8001 YOU@9.9.9.9",
    ]


def test_behind_a_translation_of_addresses_the_remote_knows_the_server() -> None:
    assert said(BARE, seen=Viewpoint("10.0.0.5", behind=True)) == [
        "http://SERVER",
        "SERVER is the host of your git remote.",
        f"To look at it, open {FRONT} on your laptop during:",
        "$ ssh -L 8001:127.0.0.1:8001 YOU@SERVER",
    ]
