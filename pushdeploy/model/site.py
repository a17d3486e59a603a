"""A site: all that nginx must know of one app, each field a value that was parsed to a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.static_mount import parse_static_mount
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.site_settings import SiteSettings
    from pushdeploy.model.static_mount import StaticMount


HASH_SIZES = (
    ("server_names_hash_bucket_size", 512),  # one name of 253 characters takes 272 bytes
    ("server_names_hash_max_size", 32768),  # buckets; some thousand names
    ("variables_hash_max_size", 4096),  # one variable for each header that a proxy may say
)
"""nginx's own are too small for a name from 47 characters on, for many names, and for ours."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where nginx reads a certificate and its key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Site:
    """One app behind the proxy.

    Raises:
        UsageError: a field is not what its parser gives; nginx would read it as its own language.
    """

    app: str
    domains: tuple[str, ...]
    """Empty: it has no name of its own."""
    default: bool
    """It answers for requests that name nobody's domain, on port 80."""
    root: Path
    """The app's folder, with `current` in it."""
    shared: Path
    mounts: tuple[StaticMount, ...]
    settings: SiteSettings
    certificate: Certificate | None
    secured: tuple[str, ...] = ()
    """The domains that the certificate is good for: for these, port 80 sends to 443."""
    trusted: bool = True
    """Browsers know who issued it: only then are they told to insist on HTTPS."""

    def __post_init__(self) -> None:
        parse_app_name(self.app)
        for domain in (*self.domains, *self.secured):
            if parse_domain(domain) != domain:
                raise UsageError(f"{quoted(domain)} is not a domain name as it was parsed")
        for mount in self.mounts:
            if parse_static_mount(mount.url, mount.folder) != mount:
                raise UsageError(f"{quoted(mount.url)} is not a static mount as it was parsed")

    @property
    def plain(self) -> tuple[str, ...]:
        """The names that are served on port 80; `_` for those that nobody has."""
        plain = tuple(domain for domain in self.domains if domain not in self.secured)
        return (*plain, "_") if self.default or not self.domains else plain


@dataclass(frozen=True, slots=True)
class NginxFeatures:
    """What the whole server's nginx can do, and where our files for it are."""

    http2_directive: bool
    """`http2 on;` is known (1.25.1), else it stands in `listen`."""
    reject_handshake: bool
    """`ssl_reject_handshake` is known (1.19.4)."""
    keeps_upstreams: bool
    """Connections to an app stay open unless told otherwise (1.29.7); requests would go on
    reaching the old release after a switch."""
    post_quantum: bool
    """OpenSSL 3.5 knows X25519MLKEM768."""
    ipv6: bool
    acme: Path
    """Where challenges lie."""
    pages: Path
    """Our own pages: 503."""
    snippets: Path
    """The server owner's own files, a folder an app."""
    own_certificate: Certificate | None
    """For refusing where handshakes can't be rejected."""
    taken: frozenset[str] = frozenset()
    """Such as `80` and `[::]:443`: there, a server of somebody else's answers for names that nobody
    has, and ours can't."""
    hash_sizes: tuple[tuple[str, int], ...] = HASH_SIZES
    """nginx's directives for its tables, without those that the server's owner has set."""

    def free(self, port: int) -> list[str]:
        """Where ours can answer for names that nobody has, as `listen` has it."""
        places = [str(port), *([f"[::]:{port}"] if self.ipv6 else [])]
        return [place for place in places if place not in self.taken]
