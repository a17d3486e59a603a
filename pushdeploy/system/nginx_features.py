"""What the nginx of this machine can do, and what other people's files leave to ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.nginx_file import ANYWHERE, listens, named
from pushdeploy.model.site import HASH_SIZES, Certificate, NginxFeatures
from pushdeploy.system.nginx_program import built, version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.nginx_file import Directive
    from pushdeploy.model.room_layouts import ProxyLayout

PORTS = (80, 443)

MODERN_HTTP2 = (1, 25, 1)
REJECTS_HANDSHAKES = (1, 19, 4)
KEEPS_UPSTREAMS = (1, 29, 7)
POST_QUANTUM = (3, 5, 0)


def features(ours: ProxyLayout, snippets: Path, others: Sequence[Directive]) -> NginxFeatures:
    """What it can do; `others` is what it reads of other people's files."""
    said = built()
    taken = {
        _listen(one.address, one.port)
        for one in listens(others)
        if one.default and one.address in ANYWHERE and one.port in PORTS
    }
    nginx, openssl = version("nginx/", said), version("OpenSSL ", said)
    return NginxFeatures(
        http2_directive=nginx >= MODERN_HTTP2,
        reject_handshake=nginx >= REJECTS_HANDSHAKES,
        keeps_upstreams=nginx >= KEEPS_UPSTREAMS,
        post_quantum=openssl >= POST_QUANTUM,
        ipv6=Path("/proc/net/if_inet6").exists(),
        acme=ours.acme,
        pages=ours.pages,
        snippets=snippets,
        own_certificate=Certificate(ours.refusing_chain, ours.refusing_key),
        taken=frozenset(taken),
        hash_sizes=tuple(pair for pair in HASH_SIZES if not named(others, pair[0])),
    )


def _listen(address: str, port: int) -> str:
    """As our templates have it: `80`, `[::]:80`."""
    return str(port) if address == ANYWHERE[0] else f"{address}:{port}"
