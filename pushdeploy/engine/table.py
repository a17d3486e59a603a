"""All verbs of the engine by name; what a verb needs is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from pushdeploy.engine.server import Verb

OF_MODULE = {
    ("verbs", "CHANGING"): (
        *("apps.create", "apps.destroy", "receive", "converge", "deploy", "rollback", "restart"),
        *("apps.check", "git.gc", "git.set"),
        *("rebuild", "config.set", "config.unset", "scale", "storage.add", "storage.remove"),
        *("reconcile", "builds.clear_cache"),
    ),
    ("queries", "ASKING"): (
        *("apps", "ps", "pythons", "releases", "releases.info", "releases.output", "config"),
        *("storage",),
    ),
    ("terminal", "ATTACHED"): ("logs", "run"),
    ("room", "ROOM"): ("room",),
    ("keys", "KEYS"): ("keys.add", "keys.list", "keys.remove"),
    ("watchdog", "WATCHDOG"): ("watchdog", "watchdog.found"),
    ("edge", "EDGE"): (
        *("domains", "domains.add", "domains.remove", "domains.bare"),
        *("certs", "certs.auto", "certs.add", "certs.remove", "certs.renewed"),
        *("nginx", "nginx.set", "static", "static.add", "static.remove"),
        *("firewall", "firewall.plan", "firewall.enable", "maintenance"),
    ),
}
"""The modules of `pushdeploy.engine`, their table, and the verbs in it, said here once more so that
none is imported to find that it has not the verb; a test compares them."""

PLACES = {verb: place for place, verbs in OF_MODULE.items() for verb in verbs}


class Table(Mapping[str, Verb]):
    """The verbs by name."""

    def __getitem__(self, name: str) -> Verb:
        """The verb; a `KeyError` when there is none."""
        module, table = PLACES[name]
        verbs: Mapping[str, Verb] = getattr(import_module(f"pushdeploy.engine.{module}"), table)
        return verbs[name]

    def __iter__(self) -> Iterator[str]:
        """All names."""
        return iter(PLACES)

    def __len__(self) -> int:
        """How many there are."""
        return len(PLACES)
