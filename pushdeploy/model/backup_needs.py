"""What the apps of a backup need of a server that a backup does not hold: databases, packages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.aptfile import parse_aptfile
from pushdeploy.model.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one app."""

    databases: tuple[Database, ...] = ()
    packages: tuple[str, ...] = ()
    """What the Aptfile of the live release names."""
    allowed: bool = False
    """Root has allowed the app that they are installed."""


def render_needs(needs: Mapping[str, Needs]) -> str:
    """JSON, by app."""
    records = {
        app: {
            "databases": list(one.databases),
            "packages": list(one.packages),
            "allowed": one.allowed,
        }
        for app, one in needs.items()
    }
    return json.dumps(records) + "\n"


def parse_needs(text: str) -> dict[str, Needs]:
    """The inverse; what can't be read needs nothing, and is found out later."""
    try:
        return {str(app): _needs(record) for app, record in json.loads(text).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _needs(record: Mapping[str, object]) -> Needs:
    known = {one.value for one in Database}
    databases, packages = record["databases"], record["packages"]
    if not isinstance(databases, list) or not isinstance(packages, list):
        raise TypeError
    return Needs(
        tuple(Database(one) for one in databases if one in known),
        parse_aptfile("\n".join(map(str, packages))),
        record["allowed"] is True,
    )
