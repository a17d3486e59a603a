"""The bare address: which app answers requests that name no domain of anybody.

One app, chosen once and kept in the server's settings; it never goes to another one by itself. The
first app gets it, and gives it up while it has a domain, unless somebody says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.records.app_records import AppRecords, app_names, readable_settings
from pushdeploy.records.server_settings import change_server_settings, server_settings
from pushdeploy.system.address import own_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release
    from pushdeploy.model.server_settings import ServerSettings
    from pushdeploy.model.settings import AppSettings

NOBODY = ""


def shown(machine: Machine, apps: Mapping[str, AppSettings] | None = None) -> str | None:
    """The app that answers there now; embedded mode has no such address."""
    if not machine.proxy.serves_domains:
        return None
    known = _all_settings(machine) if apps is None else apps
    chosen = _decided(server_settings(machine), known)
    settings = known.get(chosen.bare or NOBODY)
    if settings is None or (settings.domains and not chosen.bare_always):
        return None
    return chosen.bare


def decide(machine: Machine) -> None:
    """On a server of before there was a choice: what was so is written down."""
    if server_settings(machine).bare is None:
        apps = _all_settings(machine)
        if apps:
            change_server_settings(machine, lambda now: _decided(now, apps))


def choose(settings: ServerSettings, app: str | None) -> ServerSettings:
    """Somebody says which app it is, with domains or without, or that nobody answers there."""
    return replace(settings, bare=app or NOBODY, bare_always=app is not None)


def give_up(machine: Machine, app: str) -> bool:
    """The app is destroyed: nobody answers there; returns False when it was not its address.

    On a server that has no app left, the next one is the first again.
    """
    if server_settings(machine).bare != app:
        return False
    left = NOBODY if app_names(machine.layout.apps) else None
    change_server_settings(machine, lambda now: replace(now, bare=left, bare_always=False))
    return True


def take_again(machine: Machine, app: str, *, always: bool) -> bool:
    """A restored app had it: it has it again unless another one has; returns whether it does.

    Args:
        machine: this one.
        app: its name.
        always: with domains too.
    """

    def again(now: ServerSettings) -> ServerSettings:
        return now if now.bare else replace(now, bare=app, bare_always=always)

    return change_server_settings(machine, again).bare == app


def url(machine: Machine, app: str) -> str | None:
    """Where the app is on the bare address, if it is there and nobody else's site is."""
    chosen = server_settings(machine)  # of this app alone: a deploy has no time to look at all
    domains = AppRecords(machine.layout.app(app)).settings().domains
    if chosen.bare != app or (domains and not chosen.bare_always):
        return None
    if not machine.proxy.has_bare_address(app):
        return None
    name, _ = own_address()
    return f"http://{f'[{name}]' if ':' in name else name}"


def told(machine: Machine) -> dict[str, str | None]:
    """The app that answers now, and the one that will when it has no domains left."""
    chosen, now = server_settings(machine).bare, shown(machine)
    return {"app": now, "kept_for": chosen if chosen and chosen != now else None}


def note(machine: Machine, app: str, before: str | None) -> str:
    """What a change of an app meant for the bare address, for whoever made it; often nothing.

    Args:
        machine: this one.
        app: it was made, destroyed, or has other domains.
        before: the app that answered there before the change.
    """
    now = shown(machine)
    if now == before:
        return ""
    if now == app:
        return f"{app} answers on the server's bare address, to names that no app has."
    if app in app_names(machine.layout.apps):
        return (
            f"{app} has a domain now and left the server's bare address, where nothing answers. "
            f"To have it there too: pushdeploy bare:set --app {app}"
        )
    return (
        "Nothing answers on the server's bare address now. "
        "To have another app there: pushdeploy bare:set --app NAME"
    )


def _decided(settings: ServerSettings, apps: Mapping[str, AppSettings]) -> ServerSettings:
    if settings.bare is not None or not apps:
        return settings
    nameless = [app for app, one in apps.items() if not one.domains]
    if not nameless:
        return settings
    return replace(settings, bare=min(nameless, key=lambda app: apps[app].port))


def _all_settings(machine: Machine) -> dict[str, AppSettings]:
    return readable_settings(machine.layout)[0]


def addresses(machine: Machine, records: AppRecords, release: Release) -> tuple[str, ...]:
    """Where the app answers: its domains, the server's bare address, and the front.

    Nowhere, when its release has only workers.
    """
    if not release.procfile.has_web:
        return ()
    settings = records.settings()
    bare = url(machine, records.place.name)
    names = (
        f"{'https' if domain in settings.certified else 'http'}://{domain}"
        for domain in settings.domains
        if domain[0] != "*"
    )
    return (*names, *filter(None, [bare]), f"http://127.0.0.1:{settings.port}")
