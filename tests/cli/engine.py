"""An engine that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pushdeploy.engine.client import read_answer
from pushdeploy.events import Event, to_record
from pushdeploy.model.wire import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pushdeploy.engine.client import Watcher
    from pushdeploy.engine.registry import Request

Answer = TypeVar("Answer")


@dataclass
class FakeEngine:
    """Answers by verb: a value, which goes over the wire, or an error to raise."""

    answers: dict[str, Any] = field(default_factory=dict)
    events: Iterable[Event] = ()
    """Of an attempt."""
    beside: Iterable[Event] = ()
    """What it says beside the answer to anything else."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    descriptors: Sequence[int] = ()

    def __call__(
        self,
        request: Request[Answer],
        /,
        *,
        watcher: Watcher | None = None,
        descriptors: Sequence[int] = (),
        stay: bool = False,
    ) -> Answer:
        """Show the events, then answer."""
        verb = request.verb
        self.asked.append({"verb": verb.name, **plain(request.told)})
        self.descriptors = descriptors
        for event in self.events if verb.log else self.beside:
            if watcher is not None:
                watcher.event(to_record(event))
        answer = self.answers[verb.name]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, verb.answer), f"`{verb.name}` answers otherwise"
        return read_answer(verb, json.loads(json.dumps(plain(answer))))
