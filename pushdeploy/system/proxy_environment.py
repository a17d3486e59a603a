"""How programs of ours reach the network: as the person or the machine is set up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIXES = ("SSL_CERT_", "UV_INDEX", "UV_HTTP_")
NAMES = (
    *("UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE"),
    *("UV_KEYRING_PROVIDER", "UV_INSECURE_HOST", "UV_SYSTEM_CERTS"),
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
"""In either case."""


def network_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Proxies, certificates and package indexes, out of a whole environment."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIXES) or name in NAMES or name.lower() in PROXIES
    }
