"""Domain names: parsed to ASCII, refused when nginx or a certificate could not use them."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 253
"""Characters (RFC 1035, without the dot at the end)."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def parse_domain(text: str) -> str:
    """The name in lower-case ASCII, `*.` kept: `Bücher.example` gives `xn--bcher-kva.example`.

    Raises:
        UsageError: it is not a host name: an address, a URL, a port, one label, or too long.
    """
    name = text.strip().rstrip(".")
    wildcard = name.startswith("*.")
    bare = name.removeprefix("*.")
    _refuse_other_things(text, bare)
    ascii_name = _ascii(text, bare)
    labels = ascii_name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        raise UsageError(f"{quoted(text)} is not a complete domain name", hint=_example())
    if len(ascii_name) > LONGEST - 2 * wildcard:
        raise UsageError(
            f"{quoted(text)} has {len(ascii_name)} characters, the maximum is {LONGEST}",
            hint=_example(),
        )
    return f"*.{ascii_name}" if wildcard else ascii_name


def _ascii(text: str, bare: str) -> str:
    try:
        import idna
    except ModuleNotFoundError:
        return bare.lower()
    try:
        return idna.encode(bare, uts46=True).decode()
    except idna.IDNAError as error:
        raise UsageError(
            f"{quoted(text)} is not a domain name: {error}", hint=_example()
        ) from error


def covers(pattern: str, domain: str) -> bool:
    """True when a certificate's name is good for a domain (RFC 6125: one label for the star)."""
    if pattern == domain:
        return True
    star, _, rest = pattern.partition(".")
    return star == "*" and not domain.startswith("*.") and domain.partition(".")[2] == rest


def uncovered(patterns: Iterable[str], domains: Iterable[str]) -> list[str]:
    """The domains that no name of a certificate is good for."""
    names = list(patterns)
    return [domain for domain in domains if not any(covers(name, domain) for name in names)]


def _refuse_other_things(text: str, bare: str) -> None:
    if "//" in text or "/" in bare or ":" in bare:
        raise UsageError(
            f"{quoted(text)} is an address with a scheme, port or path; only the name is wanted",
            hint=_example(),
        )
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return
    raise UsageError(
        f"{quoted(text)} is an IP address; an app without domains answers on it by itself",
        hint=_example(),
    )


def _example() -> str:
    return "pushdeploy domains:add blog.example.com"
