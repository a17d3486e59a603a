"""What keeps visitors from the sites of nginx, though our files are in order.

Only looks; what somebody else has set is theirs, so it is reported with the line that fixes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pushdeploy.model.nginx_file import ANYWHERE, listens
from pushdeploy.system.nginx_refusal import held_port
from pushdeploy.system.reachability import strangers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pushdeploy.model.nginx_file import Directive
    from pushdeploy.model.site import NginxFeatures, Site

HTTP, HTTPS = 80, 443
LOOPBACK = ("127.", "[::1]", "localhost")
NOBODYS = "nobody.invalid"
"""A name that no domain of an app can be (RFC 6761)."""


class Obstacle(NamedTuple):
    """What is in the way, and what to do about it."""

    text: str
    hint: str


def obstacles(
    sites: Sequence[Site],
    bare: str | None,
    features: NginxFeatures,
    others: Sequence[Directive],
    at_boot: str,
) -> list[Obstacle]:
    """All of them.

    Args:
        sites: what nginx should serve.
        bare: the app that should answer where no domain is named.
        features: what this nginx can do.
        others: what it reads of other people's files.
        at_boot: whether systemd starts it, in systemd's word.
    """
    found = [*_held(sites), *_defaults(others, bare), *_addresses(others, sites)]
    return [*(found or _unanswered(features, sites)), *_not_at_boot(at_boot)]


def _held(sites: Sequence[Site]) -> Iterator[Obstacle]:
    ports = [HTTP, *([HTTPS] if any(site.secured for site in sites) else [])]
    error = held_port(ports)
    if error is not None:
        yield Obstacle(error.message.removesuffix(" Nothing changed."), error.hint or "")


def _defaults(others: Sequence[Directive], app: str | None) -> Iterator[Obstacle]:
    """Names that nobody has go to the default server, which may be somebody else's."""
    taken = [one for one in listens(others) if one.default and one.port == HTTP]
    for one in taken if app else []:
        if one.address in ANYWHERE:
            yield Obstacle(
                f"the bare address shows another site, not {app}: {one.directive.place}, has "
                f"`{' '.join(one.directive.words)}`",
                f"pushdeploy domains:add blog.example.com --app {app}, or for none of our apps "
                "there: pushdeploy bare:unset",
            )
            return


def _addresses(others: Sequence[Directive], sites: Sequence[Site]) -> Iterator[Obstacle]:
    """A site that listens on one address gets all that comes there, and ours listen on all."""
    ports = {HTTP} | {HTTPS for site in sites if site.secured}
    for one in listens(others):
        own = one.address not in ANYWHERE and not one.address.startswith(LOOPBACK)
        if own and one.port in ports:
            yield Obstacle(
                f"visitors of {one.address}, port {one.port}, never reach the apps: "
                f"only {one.directive.place}, listens there",
                f"write `listen {one.port};` there, then: sudo systemctl reload nginx",
            )


def _unanswered(features: NginxFeatures, sites: Sequence[Site]) -> Iterator[Obstacle]:
    """Ask port 80 of this machine for each site, as a visitor would."""
    free = str(HTTP) in features.free(HTTP)
    names = {_name(site): site.app for site in sites if site.domains or free}
    for name, why in strangers(list(names), features.acme):
        what = "the bare address" if name == NOBODYS else f"`{name}`"
        yield Obstacle(
            f"nginx does not serve {names[name]} on {what}: {why}",
            "sudo nginx -T | grep -n server_name; sudo systemctl status nginx",
        )


def _not_at_boot(state: str) -> Iterator[Obstacle]:
    """It serves now, and whoever turned it off once would miss it after the next reboot."""
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
