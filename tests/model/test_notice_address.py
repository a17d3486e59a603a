"""Addresses of notices: which URLs there are, how each is sent to, and what of it is shown."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.notice import Topic
from pushdeploy.model.notice_address import (
    Address,
    Kind,
    masked,
    parse_addresses,
    parse_only,
    parse_url,
    recipients,
    render_addresses,
)

SECRET = "abcSECRETdef"  # noqa: S105 - looked for below

URLS = [
    (f"https://example.com/{SECRET}", Kind.WEBHOOK, "https://example.com/…"),
    (f"http://127.0.0.1:8080/?{SECRET}", Kind.WEBHOOK, "http://127.0.0.1:8080/…"),
    (f"https://me:{SECRET}@example.com", Kind.WEBHOOK, "https://example.com/…"),
    ("https://example.com/", Kind.WEBHOOK, "https://example.com/"),
    (f"https://hooks.slack.com/services/{SECRET}", Kind.SLACK, "https://hooks.slack.com/…"),
    (f"slack+https://chat.example/{SECRET}", Kind.SLACK, "slack+https://chat.example/…"),
    (f"https://discord.com/api/webhooks/1/{SECRET}", Kind.DISCORD, "https://discord.com/…"),
    (f"https://ntfy.sh/{SECRET}", Kind.NTFY, "https://ntfy.sh/…"),
    (f"ntfy+http://127.0.0.1/{SECRET}", Kind.NTFY, "ntfy+http://127.0.0.1/…"),
    ("mailto:me@example.com", Kind.MAIL, "mailto:me@example.com"),
    (
        f"smtps://me:{SECRET}@mail.example/?to=a@b.example,c@b.example",
        Kind.MAIL,
        "smtps://mail.example/ to a@b.example, c@b.example",
    ),
    (f"tgram://{SECRET}/12", Kind.APPRISE, "tgram://…"),
    (f"mailto://me:{SECRET}@gmail.com", Kind.APPRISE, "mailto://…"),
]

REFUSED = [
    *("", "example.com", "HTTPS://example.com", "https://", "https:///path", "https://a b/"),
    *("file:///etc/shadow", "syslog://", "dbus://", "mailto:", "mailto:a@b c", "windows://x"),
    *("smtp://mail.example/", "smtps://mail.example/?to=nobody", "https://[::1/", "http://a:b/"),
    *("mailto:a@b.example?bcc=c@d.example", f"https://a/{'b' * 2000}"),
]


@pytest.mark.parametrize(("url", "kind", "shown"), URLS)
def test_a_url_says_how_it_is_sent_to_and_keeps_its_secret(
    url: str, kind: Kind, shown: str
) -> None:
    address = Address(1, parse_url(url))

    assert (address.kind, masked(url)) == (kind, shown)
    assert SECRET not in address.shown + address.id


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse_url(url)


def test_a_refusal_does_not_repeat_what_may_be_secret() -> None:
    for url in (f"https://[{SECRET}/", f"smtp://me:{SECRET}@h/", f"file:///{SECRET}"):
        with pytest.raises(UsageError) as caught:
            parse_url(url)
        assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_mail_goes_to_all_that_the_url_names() -> None:
    assert recipients("smtp://h/?to=a@b.example,%20c@d.example") == ("a@b.example", "c@d.example")
    assert recipients("smtp://h/?to=a@b.example,nobody") == ()


def test_topics_are_named_by_commas() -> None:
    assert parse_only("") == ()
    assert parse_only("backup, deploy") == (Topic.DEPLOY, Topic.BACKUP)
    for text in ("everything", "deploy,test"):
        with pytest.raises(UsageError, match="is not a topic"):
            parse_only(text)


def test_a_list_of_addresses_comes_back_as_it_was() -> None:
    listed = (
        Address(1, f'https://example.com/"{SECRET}'),
        Address(3, "mailto:me@example.com", (Topic.DEPLOY, Topic.SERVER)),
    )

    assert parse_addresses(render_addresses(listed)) == listed
    assert parse_addresses("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "[[address]]",
        "[[address]]\nnumber = 1\nurl = 'file:///etc/shadow'\n",
        "[[address]]\nnumber = 1\nurl = 'https://a/'\nonly = ['x']\n",
        "address = 1",
        "no toml",
    ],
)
def test_a_list_that_somebody_broke_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_addresses(text)
