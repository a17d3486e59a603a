"""The domains that an app answers on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.settings import AppSettings

NO_WEB = "The live release has no web process: nothing answers there yet."


@dataclass(frozen=True, slots=True)
class Domains:
    """All domains of an app, the first of which it is known by."""

    domains: tuple[str, ...]
    bare: str | None
    """The server's bare address as it knows it, `http://10.0.0.5`, if the app answers there."""


@dataclass(frozen=True, slots=True)
class ChangedDomains:
    """All domains after a change."""

    domains: tuple[str, ...]
    note: str
    """What that meant for the server's bare address; empty when nothing."""


@verb("domains", Domains, right=Right.LOOK, seconds=QUERY_SECONDS)
def domains(asked: Asked) -> Domains:
    """List them."""
    from pushdeploy.proxy import bare_address

    found = tuple(asked.records().settings().domains)
    return Domains(found, bare_address.url(asked.machine, asked.app))


@verb("domains.add", ChangedDomains, right=Right.PROXY)
def add(asked: Asked, *, names: tuple[str, ...]) -> ChangedDomains:
    """Add the domains of these `names`."""
    from pushdeploy.proxy import sites

    return _changed(asked, sites.adding_domains(asked.machine, asked.app, _parsed(names)))


@verb("domains.remove", ChangedDomains, right=Right.PROXY)
def remove(asked: Asked, *, names: tuple[str, ...]) -> ChangedDomains:
    """Remove the domains of these `names`."""
    gone = _parsed(names)

    def without(before: AppSettings) -> AppSettings:
        for domain in gone:
            if domain not in before.domains:
                raise NotFoundError(
                    f"`{domain}` is not a domain of `{asked.app}`",
                    hint=f"pushdeploy domains --app {asked.app}",
                )
        return before.changed(domains=tuple(one for one in before.domains if one not in gone))

    return _changed(asked, without)


def _parsed(texts: tuple[str, ...]) -> list[str]:
    return [parse_domain(text) for text in texts]


def _changed(asked: Asked, change: Callable[[AppSettings], AppSettings]) -> ChangedDomains:
    from pushdeploy.proxy import bare_address, sites

    bare = bare_address.shown(asked.machine)
    found = sites.change_site(asked.machine, asked.app, change).domains
    note = bare_address.note(asked.machine, asked.app, bare)
    live = asked.records().live_release()
    if live is not None and not live.procfile.has_web:
        note = f"{note}\n{NO_WEB}".strip()
    return ChangedDomains(tuple(found), note)
