"""The firewall, without locking anybody out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import App, verb
from pushdeploy.errors import UsageError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.system.ufw import Plan as Planned


@dataclass(frozen=True, slots=True)
class Firewall:
    """How it stands."""

    active: bool
    text: tuple[str, ...]
    """What ufw prints, by lines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What turning it on would do, or did."""

    ssh_ports: tuple[int, ...]
    opens: tuple[int, ...]
    """Ports that are not open by a rule yet."""
    active: bool
    """It is on already."""
    ipv6: bool
    """ufw looks after IPv6 too."""


@verb("firewall", Firewall, right=Right.SERVER, app=App.NONE)
def firewall(asked: Asked) -> Firewall:
    """Tell how it stands."""
    tool = asked.machine.firewall
    return Firewall(tool.is_active(), tuple(tool.status()))


@verb("firewall.plan", Plan, right=Right.SERVER, app=App.NONE)
def plan(asked: Asked, *, connection: str = "") -> Plan:
    """Tell what turning it on would do, for who came by an ssh `connection`."""
    return _shown(asked.machine.firewall.plan(connection))


@verb("firewall.enable", Plan, right=Right.SERVER, app=App.NONE)
def enable(asked: Asked, *, connection: str = "", confirmed: bool = False) -> Plan:
    """Turn it on, if that is `confirmed`."""
    if not confirmed:
        raise UsageError(
            "turning the firewall on must be confirmed", hint="pushdeploy firewall:enable --yes"
        )
    planned = asked.machine.firewall.plan(connection)
    asked.machine.firewall.enable(planned)
    return _shown(planned)


def _shown(planned: Planned) -> Plan:
    return Plan(planned.ssh_ports, planned.opens, planned.active, planned.ipv6)
