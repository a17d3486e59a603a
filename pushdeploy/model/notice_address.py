"""Addresses that notices go to: URLs, which often hold a secret."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.notice import Topic

LONGEST = 2000
MOST = 20
"""Addresses of one app, or of the server."""

EXAMPLE = "pushdeploy notify:add https://example.com/hook"
MAILTO_EXAMPLE = "pushdeploy notify:add mailto:me@example.com"
MAIL_EXAMPLE = "pushdeploy notify:add 'smtps://me:password@mail.example.com/?to=me@example.com'"

_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}:[!-~]{1,2000}")
_MAILTO = re.compile(r"mailto:([!-.0-?A-~]{1,64}@[A-Za-z0-9.-]{1,190})")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}")

LOCAL = frozenset(
    "dbus file glib gnome growl kde macosx mailto qt smpp syslog windows".split()  # noqa: SIM905
)
"""Schemes that would lead to this machine's own programs, or mean nothing on a server."""


class Kind(StrEnum):
    """How a notice is sent."""

    WEBHOOK = "webhook"
    """A POST of JSON."""
    SLACK = "slack"
    """The same, as Slack and its likes read it."""
    DISCORD = "discord"
    NTFY = "ntfy"
    MAIL = "mail"
    """By SMTP."""
    APPRISE = "apprise"
    """By the library of that name, which knows the scheme."""


HOSTS = {
    "hooks.slack.com": Kind.SLACK,
    "discord.com": Kind.DISCORD,
    "discordapp.com": Kind.DISCORD,
    "ntfy.sh": Kind.NTFY,
}
"""Whose webhooks are known by their host."""

PREFIXES = {f"{kind}+": kind for kind in (Kind.SLACK, Kind.DISCORD, Kind.NTFY)}
"""`ntfy+https://` is a server of one's own that understands the same."""

_WEB = ("http", "https")
_SMTP = ("smtp", "smtps")


@dataclass(frozen=True, slots=True)
class Address:
    """Where notices go."""

    number: int
    """By which people name it, within the list that it stands in."""
    url: str
    """As it was given; a secret."""
    only: tuple[Topic, ...] = ()
    """What it is told of; empty: all."""

    @property
    def id(self) -> str:
        """By which others refer to it, without telling the URL."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    @property
    def kind(self) -> Kind:
        """How it is reached."""
        return kind_of(self.url)

    @property
    def shown(self) -> str:
        """The URL without what may be secret: `https://hooks.slack.com/…`."""
        return masked(self.url)

    def takes(self, topic: Topic) -> bool:
        """Whether it is told of a topic."""
        return topic is Topic.TEST or not self.only or topic in self.only


def parse_url(text: str) -> str:
    """The URL of an address.

    Raises:
        UsageError: it is none, or leads to this machine's own programs. The text is not repeated.
    """
    url = text.strip()
    if len(url) > LONGEST or not _URL.fullmatch(url):
        raise UsageError(
            "that is not a URL: no `https:` or the like, a space in it, or too long", hint=EXAMPLE
        )
    scheme = url.partition(":")[0]
    if url.startswith("mailto:") and not url.startswith("mailto://"):
        if not _MAILTO.fullmatch(url):
            raise UsageError("after `mailto:` comes one mail address", hint=MAILTO_EXAMPLE)
        return url
    if scheme in LOCAL and not url.startswith("mailto://"):
        raise UsageError(f"`{scheme}:` reaches nobody outside of the server", hint=EXAMPLE)
    try:
        parts = urlsplit(web_url(url))
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(
            "that is not a URL: its host or port is not valid", hint=EXAMPLE
        ) from error
    if not host and parts.scheme in (*_WEB, *_SMTP):
        raise UsageError("that URL names no host", hint=EXAMPLE)
    if scheme in _SMTP and not recipients(url):
        raise UsageError("that URL does not say who gets the mail: `?to=`", hint=MAIL_EXAMPLE)
    return url


def parse_only(text: str) -> tuple[Topic, ...]:
    """The topics of `deploy,backup`; none when the text is empty.

    Raises:
        UsageError: one of them is none.
    """
    known = [one for one in Topic if one is not Topic.TEST]
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise UsageError(
                f"`{word[:40]}` is not a topic of notices", hint=f"--only {','.join(known)}"
            )
    return tuple(one for one in known if one in words)


def kind_of(url: str) -> Kind:
    """How a URL is sent to."""
    scheme = url.partition(":")[0]
    for prefix, kind in PREFIXES.items():
        if scheme.startswith(prefix):
            return kind
    if scheme in _WEB:
        return HOSTS.get((urlsplit(url).hostname or "").lower(), Kind.WEBHOOK)
    if scheme in _SMTP or (scheme == "mailto" and not url.startswith("mailto://")):
        return Kind.MAIL
    return Kind.APPRISE


def web_url(url: str) -> str:
    """The URL without a prefix of ours."""
    for prefix in PREFIXES:
        if url.startswith(prefix):
            return url.removeprefix(prefix)
    return url


def recipients(url: str) -> tuple[str, ...]:
    """Who gets the mail: of `mailto:`, or of `?to=` with commas between them."""
    if url.startswith("mailto:"):
        return (url.removeprefix("mailto:"),)
    named = parse_qs(urlsplit(url).query).get("to", [""])[0].split(",")
    found = tuple(unquote(one).strip() for one in named)
    return found if all(_MAIL.fullmatch(one) for one in found) else ()


def masked(url: str) -> str:
    """What of a URL may be shown: scheme and host, of mail who gets it."""
    if kind_of(url) is Kind.MAIL:
        scheme = url.partition(":")[0]
        host = "" if scheme == "mailto" else f"//{urlsplit(url).hostname}/ to "
        return f"{scheme}:{host}{', '.join(recipients(url))}"
    scheme, _, rest = url.partition(":")
    if kind_of(url) is Kind.APPRISE:  # its host may be the secret: `tgram://token/`
        return f"{scheme}://…"
    parts = urlsplit(f"https:{rest}")
    port = f":{parts.port}" if parts.port else ""
    more = "/…" if parts.path.strip("/") or parts.query or parts.username else "/"
    return f"{scheme}://{parts.hostname}{port}{more}"


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The addresses of a `notify.toml`.

    Raises:
        RefusedInputError: it can't be read.
    """
    try:
        return tuple(_address(one) for one in tomllib.loads(text).get("address", []))
    except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
        raise RefusedInputError("`notify.toml` can't be read") from error


def _address(said: dict[str, Any]) -> Address:
    only = tuple(Topic(one) for one in said.get("only", []))
    return Address(int(said["number"]), parse_url(str(said["url"])), only)


def render_addresses(addresses: tuple[Address, ...]) -> str:
    """The inverse."""
    import tomli_w

    tables = [
        {
            "number": one.number,
            "url": one.url,
            **({"only": [str(topic) for topic in one.only]} if one.only else {}),
        }
        for one in addresses
    ]
    return tomli_w.dumps({"address": tables})
