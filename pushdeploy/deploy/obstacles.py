"""What keeps visitors from the apps, or pushes from the server, though all of ours is in order.

Only looks; what somebody else has set is his, so it is named with the line that cures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.deploy import bare_address, edge
from pushdeploy.model.nginx_file import ANYWHERE, listens
from pushdeploy.system import sshd
from pushdeploy.system.nginx import Nginx
from pushdeploy.system.nginx_refusal import held_port
from pushdeploy.system.reachability import strangers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.model.site import Site

HTTP, HTTPS = 80, 443
LOOPBACK = ("127.", "[::1]", "localhost")
NOBODYS = "nobody.invalid"
"""A name that no domain of an app can be (RFC 6761)."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something in the way, and what to do about it."""

    text: str
    hint: str


def of_visitors(machine: Machine) -> list[Obstacle]:
    """What keeps them from the apps that nginx should serve."""
    if machine.accounts.receiver() is None:
        return []
    sites = edge.sites(machine)
    nginx = Nginx(machine.layout.state)
    if not sites:
        return []
    if not nginx.is_installed():
        return [Obstacle("there is no nginx on this machine", edge.NO_NGINX)]
    found = [*_held(sites), *_defaults(machine, nginx), *_addresses(nginx, sites)]
    return [*(found or _unanswered(nginx, sites)), *_not_at_boot(nginx)]


def of_pushes() -> list[Obstacle]:
    """What keeps the keys of pushdeploy from logging in."""
    return [Obstacle(text, hint) for text, hint in sshd.shut_out()]


def _held(sites: list[Site]) -> Iterator[Obstacle]:
    ports = [HTTP, *([HTTPS] if any(site.secured for site in sites) else [])]
    error = held_port(ports)
    if error is not None:
        yield Obstacle(error.message.removesuffix(" Everything is as it was."), error.hint or "")


def _defaults(machine: Machine, nginx: Nginx) -> Iterator[Obstacle]:
    """Names that nobody has go to the default server, which may be somebody else's."""
    app = bare_address.shown(machine)
    taken = [one for one in listens(nginx.others()) if one.default and one.port == HTTP]
    for one in taken if app else []:
        if one.address in ANYWHERE:
            yield Obstacle(
                f"the bare address shows another site and not {app}: {one.directive.place}, has "
                f"`{' '.join(one.directive.words)}`",
                f"pushdeploy domains:add blog.example.com --app {app}, or for none of our apps "
                "there: pushdeploy bare:unset",
            )
            return


def _addresses(nginx: Nginx, sites: list[Site]) -> Iterator[Obstacle]:
    """Who listens on one address gets all that comes there, and ours listen on all."""
    ports = {HTTP} | {HTTPS for site in sites if site.secured}
    for one in listens(nginx.others()):
        own = one.address not in ANYWHERE and not one.address.startswith(LOOPBACK)
        if own and one.port in ports:
            yield Obstacle(
                f"visitors of {one.address}, port {one.port}, never get to the apps: "
                f"{one.directive.place}, listens there alone",
                f"write `listen {one.port};` there, then: sudo systemctl reload nginx",
            )


def _unanswered(nginx: Nginx, sites: list[Site]) -> Iterator[Obstacle]:
    """Ask port 80 of this machine for each site, as a visitor would."""
    free = str(HTTP) in nginx.edge().free(HTTP)
    names = {_name(site): site.app for site in sites if site.domains or free}
    for name, why in strangers(list(names), nginx.edge().acme):
        what = "the bare address" if name == NOBODYS else f"`{name}`"
        yield Obstacle(
            f"nginx does not serve {names[name]} on {what}: {why}",
            "sudo nginx -T | grep -n server_name; sudo systemctl status nginx",
        )


def _not_at_boot(nginx: Nginx) -> Iterator[Obstacle]:
    """It serves now, and whoever turned it off once would miss it after the next reboot."""
    state = nginx.at_boot()
    if state in ("disabled", "masked"):
        yield Obstacle(
            f"after a reboot nothing serves the apps: nginx is {state}",
            f"sudo systemctl {'unmask' if state == 'masked' else 'enable'} nginx",
        )


def _name(site: Site) -> str:
    """One that its server answers to."""
    if site.plain == ("_",):
        return NOBODYS
    first = site.domains[0]
    return f"any{first[1:]}" if first[0] == "*" else first
