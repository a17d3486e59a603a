"""The edge: nginx serves exactly what the apps' settings say. A deploy never comes here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.deploy import bare_address
from pushdeploy.deploy.journal import Journal, readable_settings
from pushdeploy.deploy.server_settings import change_server_settings, server_settings
from pushdeploy.errors import PushdeployError, UnavailableError, UsageError
from pushdeploy.model.domain import covers
from pushdeploy.model.settings import CertificateKind
from pushdeploy.model.site import Certificate, Site
from pushdeploy.model.static_mount import mounts
from pushdeploy.system import certbot, certificates
from pushdeploy.system.faults import Point, reached
from pushdeploy.system.locks import held
from pushdeploy.system.nginx import Nginx

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.deploy.host import Host
    from pushdeploy.model.settings import AppSettings

NO_NGINX = "sudo apt-get install nginx-light, then: pushdeploy reconcile"


def nginx_of(host: Host) -> Nginx:
    """This machine's nginx.

    Raises:
        UnavailableError: there is none; embedded mode has none.
    """
    nginx = Nginx(host.layout.state)
    if host.accounts.receiver() is None or not nginx.is_installed():
        raise UnavailableError("there is no nginx on this machine", hint=NO_NGINX)
    return nginx


def sites(host: Host) -> list[Site]:
    """Every app that nginx serves: those with domains, and the one on the bare address."""
    all_settings, _ = readable_settings(host.layout)
    default = bare_address.shown(host, all_settings)
    return [
        _site(host, app, settings, default=app == default)
        for app, settings in all_settings.items()
        if settings.domains or app == default
    ]


def left_alone(host: Host) -> frozenset[str]:
    """The apps whose settings can't be read: nginx goes on serving them as it does."""
    return readable_settings(host.layout)[1]


def apply_sites(host: Host) -> list[str]:
    """Make nginx as the settings say; returns what changed. Without nginx there is nothing to do.

    Raises:
        UnavailableError: nginx refuses; everything is as it was.
    """
    nginx = Nginx(host.layout.state)
    if host.accounts.receiver() is None:
        return []
    bare_address.decide(host)
    if not nginx.is_installed():
        return []
    edge = nginx.edge()
    if not edge.reject_handshake and edge.own_certificate:
        certificates.make_refusing(edge.own_certificate)
    return nginx.apply(lambda: sites(host), left_alone(host))


def is_served(host: Host) -> bool:
    """True when nginx runs as the settings say, or there is none; only looks."""
    nginx = Nginx(host.layout.state)
    return not nginx.is_installed() or nginx.is_as(sites(host), left_alone(host))


def change_site(host: Host, app: str, change: Callable[[AppSettings], AppSettings]) -> AppSettings:
    """Change an app's settings and nginx with them, or neither.

    Raises:
        UsageError: the change is not valid.
        UnavailableError: nginx refuses.
    """
    with held(host.layout.state / "apps.lock", who="pushdeploy", what="changing a site"):
        journal = Journal(host.layout.app(app))
        before = journal.settings()
        after = journal.change_settings(change)
        if after != before:
            reached(Point.SITE_SAVED)
            try:
                apply_sites(host)
            except PushdeployError:
                journal.change_settings(lambda now: now.with_site_of(before))
                raise
        return after


def choose_bare(host: Host, app: str | None) -> None:
    """Put an app on the bare address, or nobody, and nginx with it, or neither.

    Raises:
        NotFoundError: there is no such app.
        UnavailableError: nginx refuses, or there is none.
    """
    nginx_of(host)
    with held(host.layout.state / "apps.lock", who="pushdeploy", what="changing a site"):
        if app is not None:
            Journal(host.layout.app(app)).settings()
        before = server_settings(host)
        change_server_settings(host, lambda now: bare_address.choose(now, app))
        try:
            apply_sites(host)
        except PushdeployError:
            old = {"bare": before.bare, "bare_always": before.bare_always}
            change_server_settings(host, lambda now: replace(now, **old))  # type: ignore[arg-type]
            raise


def refuse_taken(host: Host, app: str, domain: str) -> None:
    """A name belongs to one app: nginx would only warn of a second one.

    Raises:
        UsageError: another app has it.
    """
    for other, settings in readable_settings(host.layout)[0].items():
        if other != app and domain in settings.domains:
            raise UsageError(
                f"`{domain}` belongs to the app `{other}`",
                hint=f"pushdeploy domains:remove {domain} --app {other}",
            )


def certificate_of(host: Host, app: str, settings: AppSettings) -> Certificate | None:
    """Where the app's certificate lies, when it is there."""
    match settings.certificate:
        case CertificateKind.AUTO:
            found = certbot.certificate(app)
        case CertificateKind.OWN:
            found = own_certificate(host, app)
        case CertificateKind.NONE:
            return None
    return found if found.chain.exists() and found.key.exists() else None


def own_certificate(host: Host, app: str) -> Certificate:
    """Where a certificate lies that was given to us: in one file with its key.

    nginx finds each in it, and one rename puts both in place.
    """
    file = host.layout.settings / "certs" / f"{app}.pem"
    return Certificate(file, file)


def _site(host: Host, app: str, settings: AppSettings, *, default: bool) -> Site:
    place = host.layout.app(app)
    certificate = certificate_of(host, app, settings)
    names: tuple[str, ...] = ()
    trusted = False
    if certificate is not None:
        chain = certificate.chain.read_bytes()
        names, trusted = certificates.facts(chain).names, certificates.is_trusted(chain)
    return Site(
        app=app,
        domains=settings.domains,
        default=default,
        root=Path(place.root),
        shared=place.shared,
        mounts=mounts(settings.static),
        settings=settings.site,
        certificate=certificate,
        secured=tuple(
            domain for domain in settings.domains if any(covers(name, domain) for name in names)
        ),
        trusted=trusted,
    )
