"""From where a person sees this server, and whether the app's names lead there. Imports little."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.engine_link import WHO_VARIABLE, embedded_root, layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushdeploy.model.dns import Doubt
    from pushdeploy.model.viewpoint import Viewpoint
    from pushdeploy.system.name_server import Lookups

CONNECTION = "SSH_CONNECTION"
"""What sshd says of the login (ssh(1)); a hook is told it by its wrapper."""

PROGRAM = "PUSHDEPLOY_PROGRAM"
"""Set when a command came from a `pushdeploy` on the person's own machine."""

LIVE, STARTED = "release.live", "attempt.started"


class SeenFrom:
    """Looks names up while an attempt goes on, for whoever watches it over ssh."""

    def __init__(self) -> None:
        self._lookups: Lookups | None = None

    def viewpoint(self, record: Mapping[str, Any]) -> Viewpoint | None:
        """For an event: `None` unless it tells addresses to somebody elsewhere."""
        if record.get("event") == STARTED:
            self._start(str(record.get("app")))
        if record.get("event") != LIVE:
            return None
        found = self._lookups.found() if self._lookups else {}
        return here(found)

    def _start(self, app: str) -> None:
        if here() is None:
            return
        from pushdeploy.records.reader import facts  # over ssh alone

        found = facts(layout().app(app))
        if found is not None:
            self._lookups = look_up(found.domains)


def here(dns: Mapping[str, Doubt | None] | None = None) -> Viewpoint | None:
    """Where the person sits; `None` on the machine itself."""
    connection = os.environ.get(CONNECTION, "")
    if not connection or embedded_root() is not None:
        return None
    from pushdeploy.model.viewpoint import parse_connection  # while others work

    return parse_connection(connection, dns)


def login_here() -> str | None:
    """What is typed for `pushdeploy` where the person sits; `None`: just that.

    Whoever came by a key has no shell here. Their own `pushdeploy` says that they have one.
    """
    if WHO_VARIABLE not in os.environ or os.environ.get(PROGRAM):
        return None
    seen = here()
    if seen is None:
        return None
    from pushdeploy.model.viewpoint import login

    return login(seen)


def look_up(domains: Sequence[str]) -> Lookups:
    """Ask for names; patterns are none."""
    from pushdeploy.system.name_server import Lookups  # over ssh alone

    return Lookups([name for name in domains if name[0] != "*"])
