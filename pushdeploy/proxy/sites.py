"""Sites: nginx serves exactly what the apps' settings say. A deploy never comes here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.domain import covers
from pushdeploy.model.settings import CertificateKind
from pushdeploy.model.site import Certificate, Site
from pushdeploy.model.static_mount import mounts
from pushdeploy.proxy import bare_address
from pushdeploy.records.app_records import AppRecords, readable_settings
from pushdeploy.records.server_settings import change_server_settings, server_settings
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pushdeploy.machine.machine import Machine
    from pushdeploy.machine.network import Proxy
    from pushdeploy.model.settings import AppSettings


def proxy_of(machine: Machine) -> Proxy:
    """This machine's proxy.

    Raises:
        UnavailableError: there is none.
    """
    machine.proxy.require()
    return machine.proxy


def sites(machine: Machine) -> list[Site]:
    """Every app that nginx serves: those with domains, and the one on the bare address."""
    all_settings, _ = readable_settings(machine.layout)
    default = bare_address.shown(machine, all_settings)
    return [
        _site(machine, app, settings, default=app == default)
        for app, settings in all_settings.items()
        if settings.domains or app == default
    ]


def left_alone(machine: Machine) -> frozenset[str]:
    """The apps whose settings can't be read: nginx goes on serving them as it does."""
    return readable_settings(machine.layout)[1]


def apply_sites(machine: Machine) -> list[str]:
    """Make nginx as the settings say; returns what changed. Without nginx there is nothing to do.

    Raises:
        UnavailableError: nginx refuses; everything is as it was.
    """
    proxy = machine.proxy
    if not proxy.serves_domains:
        return []
    bare_address.decide(machine)
    if not proxy.is_installed():
        return []
    features = proxy.features()
    if not features.reject_handshake and features.own_certificate:
        machine.certificates.make_refusing(features.own_certificate)
    return proxy.apply(lambda: sites(machine), left_alone(machine))


def is_served(machine: Machine) -> bool:
    """True when nginx runs as the settings say, or there is none; only looks."""
    proxy = machine.proxy
    return not proxy.is_installed() or proxy.is_as(sites(machine), left_alone(machine))


def change_site(
    machine: Machine, app: str, change: Callable[[AppSettings], AppSettings]
) -> AppSettings:
    """Change an app's settings and nginx with them, or neither.

    Raises:
        UsageError: the change is not valid.
        UnavailableError: nginx refuses.
    """
    with held(machine.layout.apps_lock, who="pushdeploy", what="changing a site"):
        records = AppRecords(machine.layout.app(app))
        before = records.settings()
        after = records.change_settings(change)
        if after != before:
            reached(Point.SITE_SAVED)
            try:
                apply_sites(machine)
            except PushdeployError:
                records.change_settings(lambda now: now.with_site_of(before))
                raise
        return after


def choose_bare(machine: Machine, app: str | None) -> None:
    """Put an app on the bare address, or nobody, and nginx with it, or neither.

    Raises:
        NotFoundError: there is no such app.
        UnavailableError: nginx refuses, or there is none.
    """
    machine.proxy.require()
    with held(machine.layout.apps_lock, who="pushdeploy", what="changing a site"):
        if app is not None:
            AppRecords(machine.layout.app(app)).settings()
        before = server_settings(machine)
        change_server_settings(machine, lambda now: bare_address.choose(now, app))
        try:
            apply_sites(machine)
        except PushdeployError:
            old = {"bare": before.bare, "bare_always": before.bare_always}
            change_server_settings(machine, lambda now: replace(now, **old))  # type: ignore[arg-type]
            raise


def refuse_taken(machine: Machine, app: str, domain: str) -> None:
    """A name belongs to one app: nginx would only warn of a second one.

    Raises:
        UsageError: another app has it.
    """
    for other, settings in readable_settings(machine.layout)[0].items():
        if other != app and domain in settings.domains:
            raise UsageError(
                f"`{domain}` belongs to the app `{other}`",
                hint=f"pushdeploy domains:remove {domain} --app {other}",
            )


def adding_domains(
    machine: Machine, app: str, domains: Sequence[str]
) -> Callable[[AppSettings], AppSettings]:
    """The change of an app's settings that adds domains.

    Raises:
        UsageError: when it is made, and another app has one of them.
    """

    def added(before: AppSettings) -> AppSettings:
        for domain in domains:
            refuse_taken(machine, app, domain)
        return before.changed(domains=tuple(dict.fromkeys((*before.domains, *domains))))

    return added


def certificate_of(machine: Machine, app: str, settings: AppSettings) -> Certificate | None:
    """Where the app's certificate lies, when it is there."""
    match settings.certificate:
        case CertificateKind.AUTO:
            found = machine.certificates.issued(app)
        case CertificateKind.OWN:
            found = own_certificate(machine, app)
        case CertificateKind.NONE:
            return None
    return found if found.chain.exists() and found.key.exists() else None


def own_certificate(machine: Machine, app: str) -> Certificate:
    """Where a certificate lies that was given to us: in one file with its key.

    nginx finds each in it, and one rename puts both in place.
    """
    file = machine.layout.own_certificate(app)
    return Certificate(file, file)


def _site(machine: Machine, app: str, settings: AppSettings, *, default: bool) -> Site:
    place = machine.layout.app(app)
    certificate = certificate_of(machine, app, settings)
    names: tuple[str, ...] = ()
    trusted = False
    if certificate is not None:
        chain = certificate.chain.read_bytes()
        names = machine.certificates.facts(chain).names
        trusted = machine.certificates.is_trusted(chain)
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
