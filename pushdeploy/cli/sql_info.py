"""How a PostgreSQL or MariaDB database stands, as `pg:info` and `mysql:info` show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.output import aligned, show_json, show_lines
from pushdeploy.model.size import format_size

if TYPE_CHECKING:
    from pushdeploy.engine.sql import Info

MOST_CONNECTIONS = 10_000

connections_option = click.option(
    "--connections",
    type=click.IntRange(1, MOST_CONNECTIONS),
    metavar="N",
    help="How many connections it may have; 40 by default.",
)


def show_info(found: Info, product: str, *, as_json: bool) -> None:
    """Print it for people or for programs."""
    if as_json:
        show_json(
            {
                "database": found.database,
                "config_vars": list(found.variables),
                "version": found.version,
                "bytes": found.size,
                "connections": found.connections,
                "connections_at_most": found.connections_at_most,
                "oldest_transaction_seconds": found.oldest_transaction,
            }
        )
        return
    oldest = found.oldest_transaction
    rows = [
        ("Database:", found.database),
        ("Config vars:", ", ".join(found.variables) or "none"),
        ("Version:", f"{product} {found.version}"),
        ("Size:", format_size(found.size)),
        ("Connections:", f"{found.connections} of {found.connections_at_most}"),
        ("Oldest transaction:", "none is open" if oldest is None else f"{oldest:.0f} s"),
    ]
    show_lines(aligned(rows))
