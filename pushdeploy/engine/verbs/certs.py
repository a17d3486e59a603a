"""Certificates: HTTPS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.model.certificate import Certificate
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Certificates:
    """One for each domain."""

    shown: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Renewed:
    """The names of the certificates that nginx took up."""

    names: tuple[str, ...]


@verb("certs", Certificates, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def certs(asked: Asked) -> Certificates:
    """List all."""
    from pushdeploy.proxy.certificates import listing

    return Certificates(tuple(listing(asked.machine)))


@verb("certs.auto", Certificates, right=Right.PROXY)
def auto(asked: Asked, *, email: str | None = None, server: str | None = None) -> Certificates:
    """Get one by ACME: the `email` and `server` are kept."""
    from pushdeploy.proxy.certificates import ask_for

    return Certificates(tuple(ask_for(asked.machine, asked.app, email=email, server=server)))


@verb("certs.add", Certificates, right=Right.PROXY)
def add(asked: Asked, *, chain: str, key: str) -> Certificates:
    """Serve one of the app's own: a `chain` and its `key`, PEM texts."""
    from pushdeploy.proxy.certificates import give

    return Certificates(tuple(give(asked.machine, asked.app, chain=chain, key=key)))


@verb("certs.remove", Done, right=Right.PROXY)
def remove(asked: Asked) -> Done:
    """Serve the app without one."""
    from pushdeploy.proxy import certificates as story

    story.remove(asked.machine, asked.app)
    return Done()


@verb("certs.renewed", Renewed, right=Right.SERVER, app=App.NONE)
def renewed(asked: Asked) -> Renewed:
    """Have nginx take up what was renewed."""
    from pushdeploy.proxy import certificates as story

    return Renewed(tuple(story.renewed(asked.machine)))
