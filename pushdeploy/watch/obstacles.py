"""What keeps visitors from the apps, or pushes from the server, though all of ours is in order.

Only looks; what somebody else has set is theirs, so it is reported with the line that fixes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.proxy import bare_address
from pushdeploy.proxy import sites as proxy_sites

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something in the way, and what to do about it."""

    text: str
    hint: str


def of_visitors(machine: Machine) -> list[Obstacle]:
    """What keeps them from the apps that the proxy should serve."""
    sites = proxy_sites.sites(machine) if machine.proxy.serves_domains else []
    if not sites:
        return []
    found = machine.proxy.obstacles(sites, bare_address.shown(machine))
    return [Obstacle(text, hint) for text, hint in found]


def of_pushes(machine: Machine) -> list[Obstacle]:
    """What keeps the keys of pushdeploy from logging in."""
    return [Obstacle(text, hint) for text, hint in machine.access.obstacles()]
