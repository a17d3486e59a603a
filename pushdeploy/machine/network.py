"""What the world meets of a machine: its proxy, certificates, firewall and ssh.

Each is real on a server, and does nothing or refuses in embedded mode where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.rights import Standing
    from pushdeploy.model.site import Certificate, NginxFeatures, Site
    from pushdeploy.system.certificates import Facts
    from pushdeploy.system.ufw import Plan


class Proxy(Protocol):
    """nginx, which serves the apps' domains."""

    @property
    def serves_domains(self) -> bool:
        """False where it never will: then there is nothing to do, and nothing to complain of."""

    def is_installed(self) -> bool:
        """True when it is here."""

    def require(self) -> None:
        """See that it is here.

        Raises:
            UnavailableError: it is not, and what to do.
        """

    @property
    def folder(self) -> Path:
        """Where our files go."""

    @property
    def snippets(self) -> Path:
        """The server owner's own files, a folder an app."""

    def features(self) -> NginxFeatures:
        """What this one can do."""

    def apply(self, look: Callable[[], Sequence[Site]], kept: Collection[str] = ()) -> list[str]:
        """Make it serve exactly the sites that are found; returns the files that changed.

        Of the apps in `kept` it is not known what they should be: their files stay as they are.

        Raises:
            UnavailableError: it refuses; the files are as they were.
        """

    def is_as(self, sites: Sequence[Site], kept: Collection[str] = ()) -> bool:
        """True when it serves exactly these sites, and those that are kept; only looks."""

    def test_and_reload(self) -> None:
        """Take up what changed outside our files, such as a renewed certificate.

        Raises:
            UnavailableError: it refuses and goes on as it was.
        """

    def has_bare_address(self, app: str) -> bool:
        """False when requests that name no domain go to somebody else's site."""

    def worker(self) -> str:
        """The user as whom it reads files."""

    def let_in(self) -> list[str]:
        """Let it reach the apps' sockets, in case their group was made again; what was done."""

    def maintenance_page(self, message: str) -> str:
        """What it shows instead of an app."""

    def obstacles(self, sites: Sequence[Site], bare: str | None) -> list[tuple[str, str]]:
        """What keeps visitors from these sites though our files are in order, and what cures it.

        Args:
            sites: what it should serve.
            bare: the app that should answer where no domain is named.
        """


class Certificates(Protocol):
    """Gets certificates, keeps them renewed, and reads them."""

    def require_issuer(self) -> None:
        """See that one can be asked for.

        Raises:
            UnavailableError: it can't be, and what to do.
        """

    def check_reachable(self, domain: str, webroot: Path) -> None:
        """See that a domain leads here, as an ACME server will.

        Raises:
            UnavailableError: it does not.
        """

    def issue(
        self, app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str
    ) -> None:
        """Ask for a certificate for these names, and have it renewed.

        Raises:
            UnavailableError: it was not given. What was there stays.
        """

    def issued(self, app: str) -> Certificate:
        """Where an app's certificate lies that was issued."""

    def forget(self, app: str) -> None:
        """Have an app's certificate renewed no more, and delete it."""

    def save(self, folder: Path) -> None:
        """Copy all certificates that were issued, with what renews them, into a new folder."""

    def bring_back(self, folder: Path, app: str) -> bool:
        """Put an app's certificate where it was on another server; False when there is none."""

    def make_refusing(self, certificate: Certificate) -> None:
        """Make the one that is shown to who asks for a name that nobody has."""

    def check(self, chain: bytes, key: bytes, domains: Sequence[str], now: float) -> None:
        """See that browsers would take it.

        Raises:
            RefusedInputError: they would not.
        """

    def facts(self, chain: bytes) -> Facts:
        """What a certificate says."""

    def is_trusted(self, chain: bytes) -> bool:
        """True when browsers know who issued it."""

    def served(self, domain: str) -> str | None:
        """The fingerprint of what visitors of a domain get; `None` when they get none."""


class Firewall(Protocol):
    """Lets in ssh, HTTP and HTTPS, and keeps users of this machine apart."""

    def is_active(self) -> bool:
        """True when it is on."""

    def status(self) -> list[str]:
        """Its own words."""

    def plan(self, connection: str) -> Plan:
        """What turning it on would do, seen from who came by this connection.

        Raises:
            UnavailableError: it would lock whoever asks out, or there is none.
        """

    def enable(self, planned: Plan) -> None:
        """Open the ports, then turn it on.

        Raises:
            UnavailableError: a rule did not arrive; it was not turned on.
        """

    def fence(self, own: Mapping[int, Collection[int]], inner: Collection[int]) -> bool:
        """Have each of these users use its own ports of this machine, and none of the others'.

        Neither connect to them nor answer there. It need not be on for that.

        Args:
            own: a user's number, and the TCP ports that are his.
            inner: ports that no other machine is to reach, whatever address they listen on.

        Returns:
            False where that can't be had; then nobody is kept from anything.
        """

    def keeps_in(self, ports: Collection[int]) -> bool:
        """Whether no other machine reaches these ports, as the kernel says now."""


class Access(Protocol):
    """Who may ask, and how those who push come in."""

    def standing(self, user: int) -> Standing:
        """What the user of this number is to us."""

    def refusal(self, name: str) -> tuple[str, str | None]:
        """What a stranger of this name is told, and what would let him in."""

    def require_keys(self) -> None:
        """See that ssh keys mean something here.

        Raises:
            UnavailableError: nobody comes over ssh.
        """

    def obstacles(self) -> list[tuple[str, str]]:
        """What keeps the keys of pushdeploy from logging in, and what cures it."""
