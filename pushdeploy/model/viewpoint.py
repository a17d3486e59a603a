"""Where the person sits who asks, and which of an app's addresses work from there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.model.account import GIT_USER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pushdeploy.model.dns import Doubt

CONNECTION_FIELDS = 4
SSH_PORT = "22"
PORTS = {"http": 80, "https": 443}
MAPPED = "::ffff:"
"""Before an IPv4 address that a socket for both kinds sees."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Somebody at the other end of an ssh connection."""

    server: str
    """The server's address as it was reached."""
    port: str = SSH_PORT
    """Of sshd."""
    behind: bool = False
    """The server knows itself by an address that the person can't use."""
    dns: Mapping[str, Doubt | None] = field(default_factory=dict)
    """By domain: why its name may not lead here; `None` when it does."""

    @property
    def netloc(self) -> str:
        """The server in a URL."""
        if self.behind:
            return "SERVER"
        return f"[{self.server}]" if ":" in self.server else self.server


def login(seen: Viewpoint) -> str:
    """What gives a person there a command of ours: `ssh deploy@203.0.113.5`."""
    port = "" if seen.port == SSH_PORT else f"-p {seen.port} "
    return f"ssh {port}{GIT_USER}@{_host(seen)}"


def parse_connection(text: str, dns: Mapping[str, Doubt | None] | None = None) -> Viewpoint | None:
    """The viewpoint of an ssh login; `None` when there is none.

    Args:
        text: `SSH_CONNECTION`: client and its port, server and its port (ssh(1)).
        dns: as in `Viewpoint`.
    """
    words = text.split()
    if len(words) != CONNECTION_FIELDS:
        return None
    client, server = (_address(word) for word in (words[0], words[2]))
    if client is None or server is None:
        return None
    behind = client.is_global and not server.is_global
    return Viewpoint(str(server), words[3], behind, dns or {})


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.removeprefix(MAPPED))
    except ValueError:
        return None


def where(urls: Sequence[str], seen: Viewpoint | None) -> Iterator[tuple[str, str]]:
    """What is said of an app's addresses: `(line, command)`, of which one is empty.

    Args:
        urls: domains, the server's bare address if the app has it, and last its front.
        seen: from where; `None` is the machine itself.
    """
    if seen is None or not urls:
        yield from ((url, "") for url in urls)
        return
    *outer, front = urls
    works = False
    for url in outer:
        scheme, _, name = url.partition("://")
        if _is_bare(name):
            works = works or not seen.behind
            yield f"{scheme}://{seen.netloc}", ""
        elif (doubt := seen.dns.get(name)) and not doubt.sure:
            works = True  # as far as anybody knows
            yield url, ""
            yield f"{doubt.text}.", ""
        elif doubt:
            yield url, ""
            yield f"{doubt.text}. Now:", ""
            yield "", f"curl --resolve {name}:{PORTS[scheme]}:{seen.netloc} {url}/"
        else:
            works = True
            yield url, ""
    if seen.behind and any(_is_bare(url.partition("://")[2]) for url in outer):
        yield "SERVER is the host of your git remote.", ""
    if not works:
        port = front.rpartition(":")[2]
        at = f"{'' if seen.port == SSH_PORT else f'-p {seen.port} '}YOU@{_host(seen)}"
        yield f"To look at it, open {front} on your laptop during:", ""
        yield "", f"ssh -L {port}:127.0.0.1:{port} {at}"


def _is_bare(name: str) -> bool:
    """True for an address, and for a name that a server gives itself."""
    return _address(name.strip("[]")) is not None or "." not in name


def _host(seen: Viewpoint) -> str:
    return "SERVER" if seen.behind else seen.server
