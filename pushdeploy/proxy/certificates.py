"""Certificates: asked for, given, renewed, and verified by what nginx really shows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, UnavailableError, UsageError
from pushdeploy.model.certificate import Certificate
from pushdeploy.model.domain import uncovered
from pushdeploy.model.settings import CertificateKind
from pushdeploy.proxy.sites import (
    apply_sites,
    certificate_of,
    change_site,
    own_certificate,
    proxy_of,
)
from pushdeploy.records.app_records import AppRecords, readable_settings
from pushdeploy.records.server_settings import change_server_settings, server_settings
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, make_folder, write
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.server_settings import ServerSettings
    from pushdeploy.model.settings import AppSettings

SHOW_TRIES = 20
SHOW_PAUSE_SECONDS = 0.25
"""nginx answers a reload before its new workers are there."""


def ask_for(
    machine: Machine, app: str, *, email: str | None, server: str | None
) -> list[Certificate]:
    """Get a certificate for all of an app's domains, and serve it.

    Before the ACME server is asked, every name is tried as it will: rate limits are harsh.

    Raises:
        UsageError: the app has no domain, or one with a star.
        UnavailableError: a name does not lead here, or no certificate was given. What was there
            is served as before, and neither e-mail nor server are kept.
    """
    settings = AppRecords(machine.layout.app(app)).settings()
    ours = _server_settings_with(machine, app, email, server)
    machine.certificates.require_issuer()
    if not settings.domains:
        raise _no_domain(app, "to get a certificate for")
    stars = [domain for domain in settings.domains if domain.startswith("*.")]
    if stars:
        raise UsageError(
            f"`{stars[0]}` needs DNS validation, which is not supported",
            hint=f"pushdeploy certs:add CHAIN KEY --app {app}",
        )
    webroot = proxy_of(machine).features().acme
    with _lock(machine):
        apply_sites(machine)
        for domain in settings.domains:
            machine.certificates.check_reachable(domain, webroot)
        machine.certificates.issue(
            app, settings.domains, webroot=webroot, email=ours.email, server=ours.acme_server
        )
        reached(Point.CERTIFICATE_ISSUED)
        change_server_settings(
            machine, lambda now: replace(now, email=ours.email, acme_server=ours.acme_server)
        )
        reached(Point.CERTIFICATE_SETTINGS)
        shown = _serve(machine, app, CertificateKind.AUTO)
        own_certificate(machine, app).chain.unlink(missing_ok=True)
        return shown


def give(machine: Machine, app: str, *, chain: str, key: str) -> list[Certificate]:
    """Serve a certificate that somebody else issued.

    Raises:
        RefusedInputError: browsers would refuse it; nothing was touched.
        UnavailableError: nginx refuses it; what was there is served as before.
    """
    before = AppRecords(machine.layout.app(app)).settings()
    if not before.domains:
        raise _no_domain(app, "that the certificate could be for")
    proxy_of(machine)
    machine.certificates.check(chain.encode(), key.encode(), before.domains, machine.now())
    with _lock(machine):
        place = own_certificate(machine, app).chain
        make_folder(place.parent, mode=0o700)
        known = place.read_text() if place.exists() else None
        write(File(place, f"{chain.rstrip()}\n{key.rstrip()}\n", 0o600))
        reached(Point.CERTIFICATE_WRITTEN)
        try:
            shown = _serve(machine, app, CertificateKind.OWN)
        except PushdeployError:
            _take_back(machine, app, before, place, known)
            raise
        machine.certificates.forget(app)
        return shown


def remove(machine: Machine, app: str) -> None:
    """Serve the app without a certificate, and have none renewed."""
    with _lock(machine):
        change_site(
            machine,
            app,
            lambda before: before.changed(certificate=CertificateKind.NONE, certified=()),
        )
        forget(machine, app)


def forget(machine: Machine, app: str) -> None:
    """Delete what is on the disk for an app that is served without it."""
    machine.certificates.forget(app)
    reached(Point.CERTIFICATE_FORGOTTEN)
    own_certificate(machine, app).chain.unlink(missing_ok=True)
    reached(Point.CERTIFICATE_DELETED)


def listing(machine: Machine) -> list[Certificate]:
    """Every domain that has a certificate."""
    return [shown for app in readable_settings(machine.layout)[0] for shown in _shown(machine, app)]


def ends_of(machine: Machine, app: str) -> float | None:
    """When the certificate of an app ends (epoch seconds); `None` when it has none.

    Raises:
        RefusedInputError: it can't be read.
    """
    certificate = certificate_of(machine, app, AppRecords(machine.layout.app(app)).settings())
    if certificate is None:
        return None
    return machine.certificates.facts(certificate.chain.read_bytes()).ends


def renewed(machine: Machine) -> list[str]:
    """After a renewal: nginx takes up what is new, and shows it.

    Raises:
        UnavailableError: it does not; certbot would not tell anybody.
    """
    stale = [shown for shown in listing(machine) if shown.covered and not shown.served]
    if not stale:
        return []
    proxy_of(machine).test_and_reload()
    reached(Point.CERTIFICATE_RENEWED)
    for app in {one.app for one in stale}:
        _verify(machine, app)
    return [one.domain for one in stale]


def _lock(machine: Machine) -> AbstractContextManager[None]:
    return held(machine.layout.certificates_lock, who="pushdeploy", what="a certificate change")


def _no_domain(app: str, for_what: str) -> UsageError:
    return UsageError(
        f"`{app}` has no domain {for_what}",
        hint=f"pushdeploy domains:add blog.example.com --app {app}",
    )


def _server_settings_with(
    machine: Machine, app: str, email: str | None, server: str | None
) -> ServerSettings:
    known = server_settings(machine)
    wanted = replace(known, email=email or known.email, acme_server=server or known.acme_server)
    if not wanted.email:
        raise UsageError(
            "there is no e-mail address to report certificate problems to",
            hint=f"pushdeploy certs:auto --email me@example.com --app {app}",
        )
    return wanted


def _serve(machine: Machine, app: str, kind: CertificateKind) -> list[Certificate]:
    """Have nginx show what lies on the disk; it may be good for other names than before."""
    change_site(
        machine,
        app,
        lambda before: before.changed(certificate=kind, certified=before.domains),
    )
    apply_sites(machine)
    if any(one.covered and not one.served for one in _shown(machine, app)):
        proxy_of(machine).test_and_reload()
        reached(Point.CERTIFICATE_RELOADED)
    return _verify(machine, app)


def _take_back(
    machine: Machine, app: str, before: AppSettings, place: Path, known: str | None
) -> None:
    """What was there is served again; nothing that goes wrong hides why."""
    if known is None:
        place.unlink(missing_ok=True)
    else:
        write(File(place, known, 0o600))
    old = {"certificate": before.certificate, "certified": before.certified}
    with suppress(PushdeployError):
        change_site(machine, app, lambda now: now.changed(**old))
        proxy_of(machine).test_and_reload()


def _verify(machine: Machine, app: str) -> list[Certificate]:
    for _ in range(SHOW_TRIES):
        shown = _shown(machine, app)
        if all(one.served or not one.covered for one in shown):
            return shown
        machine.sleep(SHOW_PAUSE_SECONDS)
    missing = ", ".join(one.domain for one in shown if one.covered and not one.served)
    raise UnavailableError(
        f"nginx does not serve the new certificate for {missing}",
        hint="sudo nginx -t && sudo systemctl restart nginx; pushdeploy certs",
    )


def _shown(machine: Machine, app: str) -> list[Certificate]:
    settings = AppRecords(machine.layout.app(app)).settings()
    certificate = certificate_of(machine, app, settings)
    if certificate is None:
        return []
    chain = certificate.chain.read_bytes()
    facts = machine.certificates.facts(chain)
    missing = uncovered(facts.names, settings.domains)
    return [
        Certificate(
            app=app,
            domain=domain,
            kind=settings.certificate,
            issuer=facts.issuer,
            ends=facts.ends,
            covered=domain not in missing,
            served=machine.certificates.served(domain) == facts.fingerprint,
            trusted=machine.certificates.is_trusted(chain),
        )
        for domain in settings.domains
    ]
