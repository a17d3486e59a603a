"""The server's own settings are read as they were written; wrong e-mail addresses are refused."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.server_settings import (
    LETS_ENCRYPT,
    ServerSettings,
    parse_server_settings,
    render_server_settings,
)


@pytest.mark.parametrize(
    "settings",
    [
        ServerSettings(),
        ServerSettings("me@example.com"),
        ServerSettings("a.b+c@sub.example.org", "https://127.0.0.1:14000/dir"),
    ],
)
def test_they_are_read_as_they_were_written(settings: ServerSettings) -> None:
    assert parse_server_settings(render_server_settings(settings)) == settings


def test_an_empty_file_means_lets_encrypt_and_nobody() -> None:
    assert parse_server_settings("") == ServerSettings("", LETS_ENCRYPT)


@pytest.mark.parametrize("email", ["me", "me@", "@example.com", "me@example", "--x@example.com\n"])
def test_what_is_no_e_mail_address_is_refused(email: str) -> None:
    with pytest.raises(UsageError, match="not an e-mail address"):
        ServerSettings(email)


@pytest.mark.parametrize(
    "server", ["", "http://ca.example", "https://", "https://a b", "ca.example"]
)
def test_what_is_no_https_address_is_refused(server: str) -> None:
    with pytest.raises(UsageError, match="not the https address"):
        ServerSettings("me@example.com", server)


@pytest.mark.parametrize("text", ["email =", 'email = "me"', 'acme_server = "http://x"', "\x00"])
def test_a_file_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(RefusedInputError, match=r"`settings\.toml` of the server can't be read"):
        parse_server_settings(text)
