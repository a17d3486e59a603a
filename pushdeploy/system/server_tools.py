"""A server's tools that no deploy needs: what carries them out is imported when it is asked."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import GIT_USER, OURS
from pushdeploy.model.rights import Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.layout import Layout
    from pushdeploy.model.notice import Letter
    from pushdeploy.model.site import Certificate
    from pushdeploy.system.certificates import Facts
    from pushdeploy.system.ufw import Plan

# ruff: noqa: PLC0415 - that is what this file is for


class ServerCertificates:
    """Debian's certbot, and `cryptography`."""

    def require_issuer(self) -> None:
        """See that certbot is here."""
        from pushdeploy.system import certbot

        if not certbot.is_installed():
            raise UnavailableError("certbot is not installed", hint="sudo apt-get install certbot")

    def check_reachable(self, domain: str, webroot: Path) -> None:
        """Fetch a file of ours by the name."""
        from pushdeploy.system import reachability

        reachability.check_reachable(domain, webroot)

    def issue(
        self, app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str
    ) -> None:
        """By certbot, which renews it too."""
        from pushdeploy.system import certbot

        certbot.issue(app, domains, webroot=webroot, email=email, server=server)

    def issued(self, app: str) -> Certificate:
        """In certbot's folder."""
        from pushdeploy.system import certbot

        return certbot.certificate(app)

    def forget(self, app: str) -> None:
        """By certbot."""
        from pushdeploy.system import certbot

        certbot.delete(app)

    def save(self, folder: Path) -> None:
        """Of certbot's folder."""
        from pushdeploy.system import certbot

        certbot.save(folder)

    def bring_back(self, folder: Path, app: str) -> bool:
        """Into certbot's folder."""
        from pushdeploy.system import certbot

        return certbot.bring_back(folder, app)

    def make_refusing(self, certificate: Certificate) -> None:
        """Once; it is nobody's."""
        from pushdeploy.system import certificates

        certificates.make_refusing(certificate)

    def check(self, chain: bytes, key: bytes, domains: Sequence[str], now: float) -> None:
        """Names, dates, key and chain."""
        from pushdeploy.system import certificates

        certificates.check(chain, key, domains, now)

    def facts(self, chain: bytes) -> Facts:
        """Of the first in the chain."""
        from pushdeploy.system import certificates

        return certificates.facts(chain)

    def is_trusted(self, chain: bytes) -> bool:
        """By Debian's bundle of roots."""
        from pushdeploy.system import certificates

        return certificates.is_trusted(chain)

    def served(self, domain: str) -> str | None:
        """Asked on this machine's port 443."""
        from pushdeploy.system import certificates

        return certificates.served(domain)


class ServerFirewall:
    """ufw, and a table of our own that it knows nothing of."""

    def is_active(self) -> bool:
        """True when it is on."""
        from pushdeploy.system import ufw

        return ufw.is_active()

    def status(self) -> list[str]:
        """`ufw status verbose`."""
        from pushdeploy.system import ufw

        return ufw.status()

    def plan(self, connection: str) -> Plan:
        """What turning it on would do."""
        from pushdeploy.system import ufw

        return ufw.plan(connection)

    def enable(self, planned: Plan) -> None:
        """Open the ports, then turn it on."""
        from pushdeploy.system import ufw

        ufw.enable(planned)

    def fence(self, own: Mapping[int, Collection[int]], inner: Collection[int]) -> bool:
        """By the kernel's nf_tables; a table that is out of date would be worse than none.

        sshd's are nobody's: it takes so many connections that have not logged in and no more, and
        an app that has them all keeps everybody out.
        """
        from pushdeploy.system import port_fence, sshd

        try:
            port_fence.fence(own, closed=sshd.written_ports(), inner=inner)
        except OSError:
            port_fence.remove()
            return False
        return True

    def keeps_in(self, ports: Collection[int]) -> bool:
        """Asked of the kernel: whoever owns the server may flush all its tables."""
        from pushdeploy.system import port_fence

        return port_fence.keeps_in(ports)


class ServerMessenger:
    """A sender in a sandbox, which is gone when it has sent."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def require(self) -> None:
        """It is here."""

    def wake(self) -> None:
        """By a file that systemd waits for (systemd.path(5))."""
        from pushdeploy.system.notice_wake import wake

        wake(self._layout.notices)

    def send(self, letters: Sequence[Letter]) -> list[str]:
        """All side by side."""
        from pushdeploy.system import notice_sandbox

        return notice_sandbox.deliver(letters)

    def check(self, letter: Letter) -> str:
        """By the sender's libraries."""
        from pushdeploy.system import notice_sandbox

        return notice_sandbox.deliver([letter], check=True)[0]


class ServerAccess:
    """Root, a group of ours, and sshd with the keys that it lets in."""

    def standing(self, user: int) -> Standing:
        """By the names that the machine knows."""
        import grp
        import pwd

        if user == 0:
            return Standing.OWNER
        with suppress(KeyError):
            name = pwd.getpwuid(user).pw_name
            if name == GIT_USER:
                return Standing.KEYS
            if name in grp.getgrnam(OURS).gr_mem:
                return Standing.MEMBER
        return Standing.STRANGER

    def refusal(self, name: str) -> tuple[str, str | None]:
        """The group lets in."""
        return f"`{name}` is not in the group `{OURS}`", f"sudo usermod -aG {OURS} {name}"

    def require_keys(self) -> None:
        """They always mean something."""

    def obstacles(self) -> list[tuple[str, str]]:
        """The administrator's own settings of sshd and PAM."""
        from pushdeploy.system import sshd

        return list(sshd.shut_out())
