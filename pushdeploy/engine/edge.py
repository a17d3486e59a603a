"""Verbs of the edge: domains, certificates, static mounts, nginx, the firewall, maintenance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy import bare_address, certs, edge, maintenance, static
from pushdeploy.deploy.journal import Journal
from pushdeploy.engine.caller import caller
from pushdeploy.engine.verbs import app_of
from pushdeploy.errors import NotFoundError, UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.site_settings import SETTINGS
from pushdeploy.model.static_mount import mounts, parse_static_mount
from pushdeploy.system import ufw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.engine.verbs import Request
    from pushdeploy.model.settings import AppSettings


def _domains_add(
    machine: Machine, session: Session, request: Request
) -> list[str] | dict[str, Any]:
    caller(machine, session, request)
    app = app_of(request)
    wanted = [parse_domain(str(text)) for text in request["domains"]]

    def added(before: AppSettings) -> AppSettings:
        for domain in wanted:
            edge.refuse_taken(machine, app, domain)
        return before.changed(domains=tuple(dict.fromkeys((*before.domains, *wanted))))

    bare = bare_address.shown(machine)
    found = list(edge.change_site(machine, app, added).domains)
    return _with_note(found, bare_address.note(machine, app, bare))


def _domains_remove(
    machine: Machine, session: Session, request: Request
) -> list[str] | dict[str, Any]:
    caller(machine, session, request)
    app = app_of(request)
    gone = [parse_domain(str(text)) for text in request["domains"]]

    def without(before: AppSettings) -> AppSettings:
        for domain in gone:
            if domain not in before.domains:
                raise NotFoundError(
                    f"`{domain}` is not a domain of `{app}`",
                    hint=f"pushdeploy domains:list --app {app}",
                )
        return before.changed(domains=tuple(one for one in before.domains if one not in gone))

    bare = bare_address.shown(machine)
    found = list(edge.change_site(machine, app, without).domains)
    return _with_note(found, bare_address.note(machine, app, bare))


def _with_note(found: list[str], note: str) -> list[str] | dict[str, Any]:
    return {"domains": found, "note": note} if note else found


def _bare_address(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    if "choose" in request:
        app = request["choose"]
        edge.choose_bare(machine, None if app is None else parse_app_name(str(app)))
    return bare_address.told(machine)


def _domains(machine: Machine, session: Session, request: Request) -> list[str]:
    caller(machine, session, request)
    return list(Journal(machine.layout.app(app_of(request))).settings().domains)


def _certs_auto(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    caller(machine, session, request)
    email, server = request.get("email"), request.get("server")
    shown = certs.ask_for(machine, app_of(request), email=email, server=server)
    return [asdict(one) for one in shown]


def _certs_add(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    caller(machine, session, request)
    chain, key = str(request["chain"]), str(request["key"])
    return [asdict(one) for one in certs.give(machine, app_of(request), chain=chain, key=key)]


def _certs_remove(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    certs.remove(machine, app_of(request))
    return {"app": app_of(request)}


def _certs(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    caller(machine, session, request)
    return [asdict(one) for one in certs.listing(machine)]


def _certs_renewed(machine: Machine, session: Session, request: Request) -> list[str]:
    caller(machine, session, request)
    return certs.renewed(machine)


def _nginx_set(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    app, name, value = app_of(request), str(request["name"]), request.get("value")

    def changed(before: AppSettings) -> AppSettings:
        site = before.site
        return before.changed(
            site=site.without(name) if value is None else site.with_value(name, str(value))
        )

    return dict(edge.change_site(machine, app, changed).site.values)


def _nginx(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    app = app_of(request)
    settings = Journal(machine.layout.app(app)).settings()
    nginx = edge.nginx_of(machine)
    file = nginx.folder / f"pushdeploy-{app}.conf"
    return {
        "file": str(file),
        "snippets": str(nginx.snippets / app),
        "text": file.read_text() if file.exists() else "",
        "settings": {
            name: {
                "value": settings.site.values.get(name, one.default),
                "default": one.default,
                "what": one.what,
            }
            for name, one in SETTINGS.items()
        },
    }


def _static_add(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    app = app_of(request)
    mount = parse_static_mount(str(request["url"]), str(request["folder"]))
    _, note = static.add_mount(machine, app, mount)
    return {"folder": mount.folder, "note": note}


def _static_remove(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    app, url = app_of(request), str(request["url"]).rstrip("/")

    def without(before: AppSettings) -> AppSettings:
        if url not in {one.url for one in before.static}:
            raise NotFoundError(
                f"`{url}` is no static mount that was added", hint=f"pushdeploy static --app {app}"
            )
        return before.changed(static=tuple(one for one in before.static if one.url != url))

    return _mounts(edge.change_site(machine, app, without))


def _static(machine: Machine, session: Session, request: Request) -> dict[str, str]:
    caller(machine, session, request)
    return _mounts(Journal(machine.layout.app(app_of(request))).settings())


def _mounts(settings: AppSettings) -> dict[str, str]:
    return {mount.url: mount.folder for mount in mounts(settings.static)}


def _firewall(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    return {"active": ufw.is_active(), "text": ufw.status()}


def _firewall_plan(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    return asdict(ufw.plan(str(request.get("connection") or "")))


def _firewall_enable(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    if not request.get("confirmed"):
        raise UsageError(
            "turning the firewall on needs a yes", hint="pushdeploy firewall:enable --yes"
        )
    planned = ufw.plan(str(request.get("connection") or ""))
    ufw.enable(planned)
    return asdict(planned)


def _maintenance(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    caller(machine, session, request)
    app, on = app_of(request), request.get("on")
    if on is True:
        maintenance.maintenance_on(machine, app, request.get("message"))
    elif on is False:
        maintenance.maintenance_off(machine, app)
    return {"app": app, "maintenance": maintenance.page(machine, app).exists()}


EDGE: Mapping[str, Verb] = {
    "domains": _domains,
    "domains.add": _domains_add,
    "domains.remove": _domains_remove,
    "domains.bare": _bare_address,
    "certs": _certs,
    "certs.auto": _certs_auto,
    "certs.add": _certs_add,
    "certs.remove": _certs_remove,
    "certs.renewed": _certs_renewed,
    "nginx": _nginx,
    "nginx.set": _nginx_set,
    "static": _static,
    "static.add": _static_add,
    "static.remove": _static_remove,
    "firewall": _firewall,
    "firewall.plan": _firewall_plan,
    "firewall.enable": _firewall_enable,
    "maintenance": _maintenance,
}
"""Verbs of the edge."""
