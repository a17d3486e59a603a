"""All verbs of the engine; a module is imported when none before it knows the verb."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from pushdeploy.engine.server import Verb

MODULES = (
    ("pushdeploy.engine.verbs", "CHANGING"),
    ("pushdeploy.engine.queries", "ASKING"),
    ("pushdeploy.engine.terminal", "ATTACHED"),
    ("pushdeploy.engine.keys", "KEYS"),
    ("pushdeploy.engine.edge", "EDGE"),
)
"""Those of a push first: it can't wait. The edge's imports are the slowest."""


class Table(Mapping[str, Verb]):
    """The verbs by name."""

    def __getitem__(self, name: str) -> Verb:
        """The verb; a `KeyError` when there is none."""
        for module, table in MODULES:
            verbs: Mapping[str, Verb] = getattr(import_module(module), table)
            if name in verbs:
                return verbs[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """All names; imports everything."""
        for module, table in MODULES:
            yield from getattr(import_module(module), table)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)
