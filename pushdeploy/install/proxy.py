"""Installing the proxy: domains, the firewall, a certificate; what can't be yet is named."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.model.domain import parse_domain
from pushdeploy.proxy import certificates, sites
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system import certbot
from pushdeploy.system.address import ssh_connection

if TYPE_CHECKING:
    from pushdeploy.install.steps import Steps
    from pushdeploy.install.wishes import Wishes
    from pushdeploy.machine.machine import Machine


def check_proxy(machine: Machine, wishes: Wishes) -> tuple[str, ...]:
    """The domains as certificates write them; refuses before anything is done.

    What each option may hold was seen by `server_check`.

    Raises:
        UsageError: a value has another form, or another app has the domain.
    """
    names = tuple(parse_domain(name) for name in wishes.domains)
    for name in names:
        sites.refuse_taken(machine, str(wishes.app), name)
    if wishes.firewall:
        machine.firewall.plan(ssh_connection())
    return names


def make_proxy(steps: Steps, machine: Machine, wishes: Wishes, names: tuple[str, ...]) -> None:
    """Serve what was asked for. The firewall comes before the certificate, which needs port 80."""
    if wishes.firewall:
        title = "Opening the firewall for ssh, HTTP and HTTPS only"
        steps.step(title, partial(_make_firewall, machine))
    if certbot.apps():
        steps.step("Handling certbot's renewals", certbot.hook)
    _serve(steps, machine)
    app = wishes.app
    if app is None:
        return
    if names:
        _answer_as(steps, machine, app, names)
    domains = AppRecords(machine.layout.app(app)).settings().domains
    if wishes.email and domains:
        _get_certificate(steps, machine, wishes, domains)
    elif names and not wishes.email:
        steps.detail(f"For HTTPS: pushdeploy certs:auto --email me@example.com --app {app}")


def _make_firewall(machine: Machine) -> bool:
    planned = machine.firewall.plan(ssh_connection())
    if planned.active and not planned.opens:
        return False
    machine.firewall.enable(planned)
    return True


def _serve(steps: Steps, machine: Machine) -> None:
    if not app_names(machine.layout.apps):
        return
    try:
        steps.step("Serving the apps by nginx", partial(_apply_sites, machine))
    except PushdeployError as error:
        steps.fault(error.message, error.hint or "nginx -t")


def _apply_sites(machine: Machine) -> bool:
    if sites.is_served(machine):
        return False
    sites.apply_sites(machine)
    return True


def _answer_as(steps: Steps, machine: Machine, app: str, names: tuple[str, ...]) -> None:
    try:
        steps.step(f"Answering as {', '.join(names)}", partial(_add_domains, machine, app, names))
    except UnavailableError as error:
        steps.fault(error.message, error.hint or "nginx -t")
        steps.detail(f"Then: pushdeploy domains:add {' '.join(names)} --app {app}")


def _add_domains(machine: Machine, app: str, names: tuple[str, ...]) -> bool:
    before = AppRecords(machine.layout.app(app)).settings().domains
    if set(names) <= set(before):
        return False
    sites.change_site(machine, app, sites.adding_domains(machine, app, names))
    return True


def _get_certificate(
    steps: Steps, machine: Machine, wishes: Wishes, domains: tuple[str, ...]
) -> None:
    """A name may not lead here yet; then everything else is installed all the same."""
    app = str(wishes.app)
    title = f"Getting a certificate for {', '.join(domains)}"
    try:
        steps.step(title, partial(_certify, machine, app, wishes))
    except PushdeployError as error:
        steps.undone(error.message, error.hint or "certbot certificates")
        server = f" --server {wishes.acme_server}" if wishes.acme_server else ""
        steps.detail("Everything else is done. Once that is fixed:")
        steps.detail(f"  pushdeploy certs:auto --email {wishes.email}{server} --app {app}")


def _certify(machine: Machine, app: str, wishes: Wishes) -> bool:
    shown = [one for one in certificates.listing(machine) if one.app == app]
    if shown and all(one.served for one in shown):
        return False
    certificates.ask_for(machine, app, email=wishes.email, server=wishes.acme_server)
    return True
