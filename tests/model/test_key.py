"""Public keys are taken strictly; their lines in `authorized_keys` are ours alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.key import (
    Key,
    parse_key_line,
    parse_key_name,
    parse_public_key,
    render_key_line,
    suggested_name,
)

BODY = "AAAAC3NzaC1lZDI1NTE5AAAAIIoTOlnCIHDYjnjMs3nxNRRC0XSZ4xDJHBbvd4kpFwrL"
KEY = f"ssh-ed25519 {BODY} ada@laptop"

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._@-]{0,63}", fullmatch=True)


def test_a_key_is_named_after_its_comment() -> None:
    assert parse_public_key(f"{KEY}\n") == Key("ada@laptop", "ssh-ed25519", BODY)


def test_a_given_name_comes_before_the_comment() -> None:
    assert parse_public_key(KEY, "ada").name == "ada"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_end_of_the_line_does_not_matter(end: str) -> None:
    assert parse_public_key(KEY + end).body == BODY


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("Ada@MacBook-Pro.local", "ada@macbook-pro.local"),
        ("Ada Lovelace (work)", "ada-lovelace-work"),
        ("ada\N{LATIN SMALL LETTER E WITH ACUTE}@host", "ada-@host"),
        ("-rf", "rf"),
        ("a" * 100, "a" * 64),
        ("\N{HIRAGANA LETTER A}", ""),
    ],
)
def test_a_comment_becomes_a_name_that_is_allowed(comment: str, name: str) -> None:
    assert suggested_name(comment) == name


@given(st.text())
def test_a_suggested_name_is_a_name_or_nothing(comment: str) -> None:
    name = suggested_name(comment)

    assert name == "" or parse_key_name(name) == name


@pytest.mark.parametrize("name", ["", "Ada", "-ada", ".ada", "a b", 'a"b', "a\n", "a" * 65, "a;b"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        parse_key_name(name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no key in it"),
        ("\n \n", "no key in it"),
        ("hello", "not a public key"),
        (f"ssh-dss {BODY} ada", "not a public key"),
        (f"{KEY}\n{KEY}", "2 lines"),
        (f"{KEY}\rssh-ed25519 {BODY}", "2 lines"),
        (f"{KEY}\N{LINE SEPARATOR}x", "2 lines"),
        (f"{KEY}\x00", "control characters"),
        (f"{KEY}\x1b[31m", "control characters"),
        (f'command="id" {KEY}', "options"),
        (f'from="10.0.0.1",no-pty {KEY}', "options"),
        (f"cert-authority {KEY}", "options"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 AAAA ada", "damaged"),
        (f"ssh-ed25519 {BODY[:-8]}!!!! ada", "damaged"),
        (f"ssh-rsa {BODY} ada", "damaged"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n", "private key"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "private key"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "RFC 4716"),
    ],
)
def test_anything_but_one_plain_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedInputError, match=reason) as refusal:
        parse_public_key(text, "ada")

    assert refusal.value.hint


def test_a_refusal_never_shows_a_private_key() -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_public_key("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")

    assert "c2VjcmV0" not in f"{refusal.value.message}{refusal.value.hint}"


def test_a_key_without_a_comment_needs_a_name() -> None:
    with pytest.raises(UsageError, match="no comment"):
        parse_public_key(f"ssh-ed25519 {BODY}")


def test_the_line_allows_our_shell_and_a_terminal_only() -> None:
    key = Key("ada", "ssh-ed25519", BODY)

    assert render_key_line(key) == (
        f'command="/opt/pushdeploy/current/bin/shell ada",restrict,pty ssh-ed25519 {BODY} ada'
    )


@given(NAMES)
def test_a_line_is_read_as_it_was_written(name: str) -> None:
    key = Key(name, "ssh-ed25519", BODY)

    assert parse_key_line(render_key_line(key)) == key


@pytest.mark.parametrize("line", ["", "# note", KEY, f'command="/bin/sh",restrict {KEY}'])
def test_lines_of_others_are_not_ours(line: str) -> None:
    assert parse_key_line(line) is None
