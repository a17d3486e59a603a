"""An engine that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import PushdeployError
from pushdeploy.events import Event, to_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pushdeploy.engine.client import Watcher


@dataclass
class FakeEngine:
    """Answers by verb: a value, or an error to raise."""

    answers: dict[str, Any] = field(default_factory=dict)
    events: Iterable[Event] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    descriptors: Sequence[int] = ()

    def __call__(
        self,
        request: Mapping[str, Any],
        *,
        watcher: Watcher | None = None,
        descriptors: Sequence[int] = (),
        stay: bool = False,
    ) -> Any:
        """Show the events, then answer."""
        self.asked.append(dict(request))
        self.descriptors = descriptors
        for event in self.events:
            if watcher is not None:
                watcher.event(to_record(event))
        answer = self.answers[request["verb"]]
        if isinstance(answer, PushdeployError):
            raise answer
        return answer
