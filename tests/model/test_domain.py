"""A domain is a host name in lower-case ASCII, or it is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.domain import LONGEST, covers, parse_domain, uncovered

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=5).map(".".join).filter(lambda n: n[-1].isalpha())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("blog.example.com", "blog.example.com"),
        ("Blog.Example.COM", "blog.example.com"),
        ("blog.example.com.", "blog.example.com"),
        (" blog.example.com\n", "blog.example.com"),
        ("*.example.com", "*.example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("\uff42\uff4c\uff4f\uff47.example", "blog.example"),
        ("a-b.c-d.io", "a-b.c-d.io"),
        (f"{'a' * 63}.com", f"{'a' * 63}.com"),
    ],
)
def test_a_name_is_written_as_certificates_write_it(text: str, name: str) -> None:
    assert parse_domain(text) == name


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a domain name"),
        (".", "not a domain name"),
        ("blog", "not a complete domain name"),
        ("*", "not a domain name"),
        ("*.", "not a domain name|no complete"),
        ("*.com.*", "not a domain name"),
        ("a.*.com", "not a domain name"),
        ("**.example.com", "not a domain name"),
        ("https://example.com", "scheme, port or path"),
        ("example.com/x", "scheme, port or path"),
        ("example.com:80", "scheme, port or path"),
        ("10.0.0.1", "IP address"),
        ("::1", "scheme, port or path|IP address"),
        ("-a.example.com", "not a domain name"),
        ("a-.example.com", "not a domain name"),
        ("a..example.com", "not a domain name"),
        ("a_b.example.com", "not a domain name"),
        ("a b.example.com", "not a domain name"),
        ("$host.example.com", "not a domain name"),
        ("~^x$.example.com", "not a domain name"),
        ("a.com;", "not a domain name"),
        ("a.com; return 200 pwn", "not a domain name"),
        ('a.com"', "not a domain name"),
        ("a.com\nb.com", "not a domain name"),
        ("a.com\0", "not a domain name"),
        (f"{'a' * 64}.com", "not a domain name"),
        (".".join(["a" * 60] * 5), "not a domain name|characters"),
    ],
)
def test_what_is_no_name_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refused:
        parse_domain(text)

    assert refused.value.hint == "pushdeploy domains:add blog.example.com"


@given(NAMES)
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert parse_domain(name) == name
    assert parse_domain(name.upper()) == name


@given(st.text() | st.text(alphabet="aA0-.*_;{}$~\"' \n\\éß", max_size=30))
@example("a.com\n")
def test_whatever_comes_what_is_accepted_is_a_host_name(text: str) -> None:
    try:
        name = parse_domain(text)
    except UsageError:
        return

    assert re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}", name)
    assert len(name) <= LONGEST
    assert parse_domain(name) == name


@pytest.mark.parametrize(
    ("pattern", "domain", "good"),
    [
        ("example.com", "example.com", True),
        ("example.com", "www.example.com", False),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "*.www.example.com", False),
        ("www.example.com", "*.example.com", False),
        ("w*.example.com", "www.example.com", False),
    ],
)
def test_a_star_stands_for_one_label(pattern: str, domain: str, *, good: bool) -> None:
    assert covers(pattern, domain) is good


def test_what_no_name_is_good_for_is_named() -> None:
    patterns = ["example.com", "*.example.com"]

    missing = uncovered(patterns, ["example.com", "a.example.com", "a.b.example.com", "other.org"])

    assert missing == ["a.b.example.com", "other.org"]
