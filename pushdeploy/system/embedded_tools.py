"""The tools that embedded mode does not have: they do nothing, or refuse and say why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pushdeploy.errors import UnavailableError
from pushdeploy.model.refname import push_command
from pushdeploy.model.rights import Standing
from pushdeploy.model.site import Certificate
from pushdeploy.system import dpkg

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pushdeploy.model.cron_job import TimedJob
    from pushdeploy.model.database import RedisFacts, SqlFacts
    from pushdeploy.model.notice import Letter
    from pushdeploy.model.site import NginxFeatures, Site
    from pushdeploy.system.certificates import Facts
    from pushdeploy.system.ufw import Plan

NOWHERE = Path("/nonexistent")


class NoProxy:
    """Apps answer on their own ports, and on no domain."""

    folder = snippets = NOWHERE
    serves_domains = False

    def is_installed(self) -> bool:
        """No."""
        return False

    def require(self) -> None:
        """Refuse."""
        _refuse("nginx")

    def features(self) -> NginxFeatures:
        """Refuse."""
        _refuse("nginx")

    def apply(self, look: Callable[[], Sequence[Site]], kept: Collection[str] = ()) -> list[str]:
        """Nothing changes."""
        return []

    def is_as(self, sites: Sequence[Site], kept: Collection[str] = ()) -> bool:
        """There is nothing to serve."""
        return True

    def test_and_reload(self) -> None:
        """Refuse."""
        _refuse("nginx")

    def has_bare_address(self, app: str) -> bool:
        """There is none."""
        return False

    def worker(self) -> str:
        """Refuse."""
        _refuse("nginx")

    def let_in(self) -> list[str]:
        """There is nothing to let in."""
        return []

    def maintenance_page(self, message: str) -> str:
        """Refuse."""
        _refuse("nginx")

    def obstacles(self, sites: Sequence[Site], bare: str | None) -> list[tuple[str, str]]:
        """Nobody comes this way."""
        return []


class NoSchedules:
    """supervisord has no clock."""

    refusal = "only systemd runs scheduled jobs"

    def apply(self, app: str, jobs: Sequence[TimedJob]) -> bool:
        """Nothing changes."""
        return False

    def running(self, app: str) -> set[str]:
        """None is known of."""
        return set()


class NoCertificates:
    """No domain, no HTTPS."""

    def require_issuer(self) -> None:
        """Refuse."""
        _refuse("certificate")

    def check_reachable(self, domain: str, webroot: Path) -> None:
        """Refuse."""
        _refuse("certificate")

    def issue(
        self, app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str
    ) -> None:
        """Refuse."""
        _refuse("certificate")

    def issued(self, app: str) -> Certificate:
        """Nowhere."""
        return Certificate(NOWHERE, NOWHERE)

    def forget(self, app: str) -> None:
        """There is none."""

    def save(self, folder: Path) -> None:
        """There is none."""

    def bring_back(self, folder: Path, app: str) -> bool:
        """There is none."""
        return False

    def make_refusing(self, certificate: Certificate) -> None:
        """Nobody asks."""

    def check(self, chain: bytes, key: bytes, domains: Sequence[str], now: float) -> None:
        """Refuse."""
        _refuse("certificate")

    def facts(self, chain: bytes) -> Facts:
        """Refuse."""
        _refuse("certificate")

    def is_trusted(self, chain: bytes) -> bool:
        """There is none."""
        return False

    def served(self, domain: str) -> str | None:
        """None is."""
        return None


class NoFirewall:
    """The person's own machine has the person's own."""

    def is_active(self) -> bool:
        """Refuse."""
        _refuse("firewall")

    def status(self) -> list[str]:
        """Refuse."""
        _refuse("firewall")

    def plan(self, connection: str) -> Plan:
        """Refuse."""
        _refuse("firewall")

    def enable(self, planned: Plan) -> None:
        """Refuse."""
        _refuse("firewall")

    def fence(self, own: Mapping[int, Collection[int]], inner: Collection[int]) -> bool:
        """All apps are the same person's, so the kernel can't tell them apart."""
        return False

    def keeps_in(self, ports: Collection[int]) -> bool:
        """Nothing does."""
        return False


class NoPackages:
    """What the machine has can be seen; nothing is installed there."""

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """By dpkg, where there is one."""
        return dpkg.missing(names)

    def install(self, names: Sequence[str]) -> None:
        """Only on a server.

        Raises:
            UnavailableError: always.
        """
        raise UnavailableError(
            "system packages are installed on a server only",
            hint=f"sudo apt-get install {' '.join(names)}",
        )


class NoSqlServer:
    """The person's own machine has the person's own."""

    def __init__(self, what: str) -> None:
        self._what = what

    def is_installed(self) -> bool:
        """Refuse."""
        _refuse(self._what)

    def install(self) -> None:
        """Refuse."""
        _refuse(self._what)

    def has(self, name: str) -> bool:
        """There is none."""
        return False

    def ensure(self, name: str, connections: int) -> None:
        """Refuse."""
        _refuse(self._what)

    def facts(self, name: str) -> SqlFacts:
        """Refuse."""
        _refuse(self._what)

    def drop(self, name: str) -> None:
        """Refuse."""
        _refuse(self._what)


class NoRedis:
    """The same."""

    def is_installed(self) -> bool:
        """Refuse."""
        _refuse("Redis")

    def package(self) -> str:
        """Refuse."""
        _refuse("Redis")

    def install(self) -> None:
        """Refuse."""
        _refuse("Redis")

    def start(self, app: str, memory: int, *, wait: bool = True) -> bool:
        """Refuse."""
        _refuse("Redis")

    def facts(self, app: str) -> RedisFacts:
        """Refuse."""
        _refuse("Redis")

    def restore(self, app: str, path: Path) -> None:
        """Refuse."""
        _refuse("Redis")

    def remove(self, app: str) -> None:
        """Refuse."""
        _refuse("Redis")


class NoMessenger:
    """Whoever sits before the machine sees what happens."""

    def require(self) -> None:
        """Refuse."""
        _refuse("sending of notices")

    def wake(self) -> None:
        """Nobody is told."""

    def send(self, letters: Sequence[Letter]) -> list[str]:
        """Refuse."""
        _refuse("sending of notices")

    def check(self, letter: Letter) -> str:
        """Refuse."""
        _refuse("sending of notices")


class NoAccess:
    """A push is a path on this machine, and all of it one person's."""

    def standing(self, user: int) -> Standing:
        """That person is whoever runs us."""
        return Standing.OWNER if user == os.geteuid() else Standing.STRANGER

    def refusal(self, name: str) -> tuple[str, str | None]:
        """Nothing lets in."""
        return f"user {name} may not use this folder's pushdeploy", None

    def require_keys(self) -> None:
        """Refuse."""
        raise UnavailableError(
            "nobody pushes over ssh here: this is embedded mode", hint=push_command("")
        )

    def obstacles(self) -> list[tuple[str, str]]:
        """Whoever may write the folder may push."""
        return []


def _refuse(what: str) -> NoReturn:
    raise UnavailableError(
        f"there is no {what} in embedded mode", hint="install pushdeploy on a server: installer.sh"
    )
