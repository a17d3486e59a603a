"""Changes of a site and of its certificate in which a fault strikes, and what must come of them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pushdeploy.system.failpoints import Point
from tests.host import pebble, proxy
from tests.host.mishaps import assert_nothing_hangs
from tests.host.proxy import curl, visit
from tests.host.story import Site, eventually
from tests.host.strikes import LIGHT, NGINX, RESTARTS, Act, Fault, Place, command_of, strike
from tests.host.struck import deploy_next
from tests.host.visitors import visitors
from tests.host.whole import assert_as_templates, assert_nothing_left, assert_whole

NAME = "blog.example.com"
OTHER = "www.example.com"
BY_NAME, PAST_NGINX = "by name", "past nginx"
"""How visitors come; once there is a certificate, nginx answers HTTP with a redirect."""

ASK = f"certs:auto --email me@example.com --server {pebble.DIRECTORY}"
PEM = "/etc/pushdeploy/certs/blog.pem"

SITE = [
    *(Point.SITE_SAVED, Point.SITE_ADDED, Point.SITE_WRITTEN, Point.SITE_TESTED),
    *(Point.SITE_RELOADED, Point.SITE_NOTED),
]
CERTIFICATE = [
    *(Point.CERTIFICATE_WRITTEN, Point.CERTIFICATE_RELOADED, Point.CERTIFICATE_RENEWED),
    *(Point.CERTIFICATE_FORGOTTEN, Point.CERTIFICATE_DELETED),
    *(Point.CERTIFICATE_ISSUED, Point.CERTIFICATE_SETTINGS),
]


def reason_at_a_certificate(point: Point, fault: Fault) -> str | None:
    """Why a fault can't strike there, or `None`."""
    if fault is Fault.CLIENT and point is Point.CERTIFICATE_RENEWED:
        return "a timer renews; no laptop waits for it"
    return None


@dataclass(frozen=True, slots=True)
class Proxy:
    """A place whose app is `NAME`, and a folder with an authority that its host trusts."""

    where: Place
    authority: Path

    @property
    def site(self) -> Site:
        """The app."""
        return self.where.site

    def pair(self) -> str:
        """Another certificate for the app's names and its key, as `certs:add` reads them."""
        return json.dumps(proxy.make_certificate(self.authority, NAME, OTHER))

    def give(self, pair: str) -> None:
        """`certs:add`, which must succeed."""
        self.site.cli("certs:add - -", stdin=pair)


def examine_site(at: Proxy, point: Point, fault: Fault) -> None:
    """A domain is added, and the fault strikes."""
    site = at.site
    with undisturbed(at, fault, BY_NAME):
        strike(at.where, point, fault, command_of(site, f"domains:add --app {site.name} {OTHER}"))
        assert_served(at)
    assert NAME in site.ask("domains")
    site.cli(f"domains:add {OTHER}")
    assert_served(at)
    assert site.ask("domains") == [NAME, OTHER]
    site.cli(f"domains:remove {OTHER}")
    assert_sound(at)


def examine_removal(at: Proxy, point: Point, fault: Fault) -> None:
    """A domain is removed, and the fault strikes."""
    site = at.site
    site.cli(f"domains:add {OTHER}")
    act = command_of(site, f"domains:remove --app {site.name} {OTHER}")
    with undisturbed(at, fault, BY_NAME):
        strike(at.where, point, fault, act)
        assert_served(at)
    site.cli(f"domains:remove {OTHER}", check=False)  # it may be gone, which is an error
    assert_served(at)
    assert site.ask("domains") == [NAME]
    assert_sound(at)


def examine_certificate(at: Proxy, point: Point, fault: Fault) -> None:
    """A certificate is given, renewed, asked for or removed, and the fault strikes."""
    site = at.site
    act, once_more = CHANGES.get(point, GIVEN)(at)
    with undisturbed(at, fault, PAST_NGINX):
        strike(at.where, point, fault, act)
        assert_served(at)
    if fault in RESTARTS:  # the ACME server went down with the host's network
        at.give(at.pair())
    else:
        once_more()
    assert_served(at)
    site.cli("certs:remove")
    assert_served(at)
    assert certs(site) == []
    assert_sound(at)


Change = tuple[Act, Callable[[], object]]
"""What is struck, and the same done once more in peace."""


def _given(at: Proxy) -> Change:
    pair = at.pair()
    return command_of(at.site, f"certs:add --app {at.site.name} - -", pair), lambda: at.give(pair)


def _given_again(at: Proxy) -> Change:
    at.give(at.pair())
    return _given(at)


def _renewed(at: Proxy) -> Change:
    at.give(at.pair())
    chain, key = json.loads(at.pair())
    host = at.where.host
    host.write(PEM, chain + key, mode="0600")
    host.run("sync", PEM)
    return lambda: host.start("pushdeploy", "reconcile"), lambda: None


def _removed(at: Proxy) -> Change:
    at.give(at.pair())
    site = at.site
    return command_of(site, f"certs:remove --app {site.name}"), lambda: None


def _asked_for(at: Proxy) -> Change:
    site = at.site
    act = command_of(site, f"{ASK.replace('certs:auto', f'certs:auto --app {site.name}')}")
    return act, lambda: site.cli(ASK)


GIVEN = _given
CHANGES: dict[Point, Callable[[Proxy], Change]] = {
    Point.CERTIFICATE_RELOADED: _given_again,
    Point.CERTIFICATE_RENEWED: _renewed,
    Point.CERTIFICATE_FORGOTTEN: _removed,
    Point.CERTIFICATE_DELETED: _removed,
    Point.CERTIFICATE_ISSUED: _asked_for,
    Point.CERTIFICATE_SETTINGS: _asked_for,
}


def certs(site: Site) -> list[dict[str, Any]]:
    """What `pushdeploy certs` says."""
    found: list[dict[str, Any]] = json.loads(site.laptop.ssh("certs --json", check=True).stdout)
    return found


def assert_served(at: Proxy) -> None:
    """After a reconcile nginx serves what the settings say, and a second one does nothing."""
    site, host = at.site, at.where.host
    assert_nothing_hangs(site)
    host.run("pushdeploy", "reconcile")
    again = host.run("pushdeploy", "reconcile")
    assert again.stdout == ""
    host.run("nginx", "-t", "-q")
    assert_as_templates(host)
    assert_nothing_left(site)
    domains, shown = site.ask("domains"), certs(site)
    assert all(one["served"] for one in shown), shown
    secured = {one["domain"] for one in shown if one["covered"]}
    for name in (NAME, OTHER):
        if name not in domains:
            assert curl(host, f"http://{name}/")[0] == 52
        elif name in secured:
            assert visit(host, f"http://{name}/").status in (301, 308)
            assert curl(host, "--fail", f"https://{name}/")[0] == 0
        else:
            assert visit(host, f"http://{name}/").status == 200


def assert_sound(at: Proxy) -> None:
    """All invariants hold, and another version can be pushed."""
    assert_whole(at.site)
    deploy_next(at.site)


@contextmanager
def undisturbed(at: Proxy, fault: Fault, way: str) -> Iterator[None]:
    """I2: visitors get the app whole, unless the host is down."""
    if fault in RESTARTS:
        yield
        eventually(lambda: at.site.get("/").status, 200)
        return
    url, options = (NGINX, (f"--host={NAME}",)) if way == BY_NAME else (at.site.url, ())
    with visitors(at.where.host, url, *options, *LIGHT) as seen:
        yield
    assert seen.errors == [], seen.figures
    assert seen.requests
