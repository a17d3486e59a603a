"""The app that answers on the server's bare address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import App, verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Bare:
    """Who answers there."""

    app: str | None
    kept_for: str | None
    """The app that will, when it has no domains left."""


@verb("bare", Bare, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def bare(asked: Asked) -> Bare:
    """Tell who answers there."""
    from pushdeploy.proxy import bare_address

    return Bare(**bare_address.told(asked.machine))


@verb("bare.set", Bare, right=Right.SERVER, app=App.OPTIONAL)
def choose(asked: Asked) -> Bare:
    """Have an app answer there, or none."""
    from pushdeploy.proxy import sites

    sites.choose_bare(asked.machine, asked.app or None)
    return bare.run(asked)
