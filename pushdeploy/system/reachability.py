"""Does a name lead to this server? Asked before anybody else is: rate limits are harsh."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.system import http
from pushdeploy.system.http import NoAnswerError
from pushdeploy.system.name_server import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushdeploy.system.http import Answer

SECONDS = 10.0
PORT = 80
"""Where ACME servers ask (RFC 8555 §8.3)."""
CHALLENGES = "/.well-known/acme-challenge/"


def check_reachable(domain: str, webroot: Path, *, port: int = PORT) -> None:
    """Fetch a file of ours by the name, as an ACME server will.

    Raises:
        UnavailableError: DNS does not know the name or gives no answer, port 80 does not answer,
            or it is somebody else who does.
    """
    addresses = _addresses(domain)
    with _shown(webroot) as token:
        for address in addresses:
            _check_address(domain, address, port, token)


def strangers(names: list[str], webroot: Path, *, port: int = PORT) -> list[tuple[str, str]]:
    """The names for which this machine's own port shows no file of ours, and what it does."""
    found = []
    with _shown(webroot) as token:
        for name in names:
            try:
                answer = _fetch(name, http.HERE, port, token)
            except NoAnswerError as error:
                found.append((name, f"nothing answers on port {port}: {error}"))
                continue
            if not _is_ours(answer, token):
                found.append((name, f"another site answers (status {answer.status})"))
    return found


@contextmanager
def _shown(webroot: Path) -> Iterator[str]:
    """A file whose name and content nobody else can know, for as long as it is asked for."""
    token = f"pushdeploy-{secrets.token_urlsafe(16)}"
    file = webroot / CHALLENGES.strip("/") / token
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(token)
    try:
        yield token
    finally:
        file.unlink(missing_ok=True)


def _addresses(domain: str) -> tuple[str, ...]:
    found = look_up(domain, PORT)
    if found.failure:
        raise UnavailableError(
            f"this server can't look up `{domain}`: its own DNS gives no answer ({found.failure})",
            hint=f"getent hosts {domain}; cat /etc/resolv.conf",
        )
    if not found.addresses:
        raise UnavailableError(
            f"DNS does not know `{domain}`",
            hint=f"make an A record for {domain} at your DNS provider, then: dig +short {domain}",
        )
    return found.addresses


def _fetch(domain: str, address: str, port: int, token: str) -> Answer:
    return http.get((address, port), CHALLENGES + token, host=domain, seconds=SECONDS)


def _is_ours(answer: Answer, token: str) -> bool:
    return answer.status == http.OK and answer.body == token


def _check_address(domain: str, address: str, port: int, expected: str) -> None:
    try:
        answer = _fetch(domain, address, port, expected)
    except NoAnswerError as error:
        raise UnavailableError(
            f"`{domain}` points to {address}, but nothing answers there on port {port}: {error}",
            hint="pushdeploy firewall:status; look at your provider's firewall too",
        ) from error
    if not _is_ours(answer, expected):
        raise UnavailableError(
            f"`{domain}` points to {address}, but another server answers there on port {port} "
            f"(status {answer.status})",
            hint=f"dig +short {domain}; compare with: curl -4 ifconfig.me",
        )
