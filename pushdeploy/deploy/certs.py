"""Certificates: asked for, given, renewed, and verified by what nginx really shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.edge import (
    apply_sites,
    certificate_of,
    change_site,
    nginx_of,
    own_certificate,
)
from pushdeploy.deploy.journal import Journal, journals
from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.model.server_settings import (
    ServerSettings,
    parse_server_settings,
    render_server_settings,
)
from pushdeploy.model.settings import CertificateKind
from pushdeploy.system import certbot, certificates
from pushdeploy.system.files import File, make_folder, write
from pushdeploy.system.locks import held
from pushdeploy.system.reachability import check_reachable

if TYPE_CHECKING:
    from pushdeploy.deploy.host import Host

SHOW_TRIES = 20
SHOW_PAUSE_SECONDS = 0.25
"""nginx answers a reload before its new workers are there."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One domain's certificate: what lies on disk and what visitors get."""

    app: str
    domain: str
    kind: str
    issuer: str
    ends: float
    served: bool
    """nginx shows this very certificate."""


def server_settings(host: Host) -> ServerSettings:
    """Our settings for the whole server."""
    path = host.layout.settings / "settings.toml"
    return parse_server_settings(path.read_text()) if path.exists() else ServerSettings()


def ask_for(host: Host, app: str, *, email: str | None, server: str | None) -> list[Shown]:
    """Get a certificate for all of an app's domains, and serve it.

    Before the ACME server is asked, every name is tried as it will: rate limits are harsh.

    Raises:
        UsageError: the app has no domain, or one with a star.
        UnavailableError: a name does not lead here, or no certificate was given. What was there
            is served as before.
    """
    settings = Journal(host.layout.app(app)).settings()
    ours = _keep_server_settings(host, email, server)
    if not certbot.is_installed():
        raise UnavailableError("certbot is not on this server", hint="sudo apt-get install certbot")
    if not settings.domains:
        raise UsageError(
            f"`{app}` has no domain to get a certificate for",
            hint=f"pushdeploy domains:add blog.example.com --app {app}",
        )
    stars = [domain for domain in settings.domains if domain.startswith("*.")]
    if stars:
        raise UsageError(
            f"`{stars[0]}` needs a proof by DNS, which we do not do",
            hint=f"pushdeploy certs:add CHAIN KEY --app {app}",
        )
    nginx = nginx_of(host)
    with held(host.layout.state / "certs.lock", who="pushdeploy", what="getting a certificate"):
        apply_sites(host)
        for domain in settings.domains:
            check_reachable(domain, nginx.edge().acme)
        certbot.issue(
            app,
            settings.domains,
            webroot=nginx.edge().acme,
            email=ours.email,
            server=ours.acme_server,
        )
        change_site(host, app, lambda before: before.changed(certificate=CertificateKind.AUTO))
        apply_sites(host)
        return _verify(host, app)


def give(host: Host, app: str, *, chain: str, key: str) -> list[Shown]:
    """Serve a certificate that somebody else issued.

    Raises:
        RefusedInputError: browsers would refuse it; nothing was touched.
        UnavailableError: nginx refuses it; what was there is served as before.
    """
    settings = Journal(host.layout.app(app)).settings()
    if not settings.domains:
        raise UsageError(
            f"`{app}` has no domain that the certificate could be for",
            hint=f"pushdeploy domains:add blog.example.com --app {app}",
        )
    nginx_of(host)
    certificates.check(chain.encode(), key.encode(), settings.domains, host.now())
    place = own_certificate(host, app)
    make_folder(place.chain.parent.parent, mode=0o700)
    make_folder(place.chain.parent, mode=0o700)
    before = {path: path.read_text() for path in (place.chain, place.key) if path.exists()}
    write(File(place.key, key, 0o600))
    write(File(place.chain, chain, 0o600))
    try:
        change_site(host, app, lambda known: known.changed(certificate=CertificateKind.OWN))
        _take_up(host)
    except UnavailableError:
        for path, text in before.items():
            write(File(path, text, 0o600))
        raise
    return _verify(host, app)


def remove(host: Host, app: str) -> None:
    """Serve the app without a certificate, and have none renewed."""
    change_site(host, app, lambda before: before.changed(certificate=CertificateKind.NONE))
    certbot.delete(app)
    place = own_certificate(host, app)
    place.chain.unlink(missing_ok=True)
    place.key.unlink(missing_ok=True)


def listing(host: Host) -> list[Shown]:
    """Every domain that has a certificate."""
    return [shown for app in journals(host.layout.apps) for shown in _shown(host, app)]


def renewed(host: Host) -> list[str]:
    """After a renewal: nginx takes up what is new, and shows it.

    Raises:
        UnavailableError: it does not; certbot would not tell anybody.
    """
    stale = [shown for shown in listing(host) if not shown.served]
    if not stale:
        return []
    _take_up(host)
    return [shown.domain for app in {one.app for one in stale} for shown in _verify(host, app)]


def _take_up(host: Host) -> None:
    nginx = nginx_of(host)
    nginx.test_and_reload()


def _keep_server_settings(host: Host, email: str | None, server: str | None) -> ServerSettings:
    known = server_settings(host)
    wanted = replace(known, email=email or known.email, acme_server=server or known.acme_server)
    if not wanted.email:
        raise UsageError(
            "an ACME server wants to know whom to tell about problems",
            hint="pushdeploy certs:auto --email me@example.com",
        )
    write(File(host.layout.settings / "settings.toml", render_server_settings(wanted), 0o644))
    return wanted


def _verify(host: Host, app: str) -> list[Shown]:
    for _ in range(SHOW_TRIES):
        shown = _shown(host, app)
        if all(one.served for one in shown):
            return shown
        host.sleep(SHOW_PAUSE_SECONDS)
    missing = ", ".join(one.domain for one in shown if not one.served)
    raise UnavailableError(
        f"nginx does not show the new certificate for {missing}",
        hint="sudo nginx -t && sudo systemctl restart nginx; pushdeploy certs:list",
    )


def _shown(host: Host, app: str) -> list[Shown]:
    settings = Journal(host.layout.app(app)).settings()
    certificate = certificate_of(host, app, settings)
    if certificate is None:
        return []
    facts = certificates.facts(certificate.chain.read_bytes())
    return [
        Shown(
            app=app,
            domain=domain,
            kind=settings.certificate,
            issuer=facts.issuer,
            ends=facts.ends,
            served=certificates.served(domain) == facts.fingerprint,
        )
        for domain in settings.domains
    ]
