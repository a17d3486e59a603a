"""What the load client saw, and the report of it."""

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from wire import Outcome

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999, "max": 1.0}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and its end. All times are seconds since the start."""

    kind: str
    path: str
    due: float
    sent: float
    ended: float
    outcome: Outcome
    status: int | None = None
    version: str | None = None
    detail: str = ""
    reused: bool = False

    @property
    def latency_ms(self) -> float:
        """From when it was due, so that a wait for a connection counts."""
        return (self.ended - self.due) * 1000


@dataclass(slots=True)
class Tally:
    """Everything that was seen."""

    started_at: float = field(default_factory=time.time)
    seen: list[Seen] = field(default_factory=list)
    connections: Counter[str] = field(default_factory=Counter)
    lag: float = 0.0

    @property
    def well(self) -> bool:
        """True when there were requests and all ended well."""
        return bool(self.seen) and all(one.outcome is Outcome.OK for one in self.seen)

    def report(self) -> dict[str, Any]:
        """The report, ready for JSON; times in seconds since `started_at`, a Unix time."""
        outcomes = Counter(one.outcome for one in self.seen)
        return {
            "started_at": self.started_at,
            "seconds": rounded(max((one.ended for one in self.seen), default=0)),
            "requests": len(self.seen),
            "failed": len(self.seen) - outcomes[Outcome.OK],
            "outcomes": {outcome.value: outcomes[outcome] for outcome in Outcome},
            "statuses": dict(Counter(str(one.status) for one in self.seen if one.status)),
            "kinds": {
                kind: {"requests": len(of_kind), "latency_ms": latency(of_kind)}
                for kind, of_kind in grouped(self.seen, "kind").items()
            },
            "connections": dict(self.connections),
            # How late this client itself was: when it is high, the machine is too slow to judge.
            "client_lag_ms": rounded(self.lag * 1000),
            "versions": versions(self.seen),
            "timeline": timeline(self.seen),
            "errors": [error(one) for one in self.seen if one.outcome is not Outcome.OK],
        }


def latency(seen: list[Seen]) -> dict[str, float]:
    """Percentiles (nearest rank) over what ended well; empty when nothing did."""
    values = sorted(one.latency_ms for one in seen if one.outcome is Outcome.OK)
    return {
        name: rounded(values[math.ceil(share * len(values)) - 1])
        for name, share in PERCENTILES.items()
        if values
    }


def versions(seen: list[Seen]) -> dict[str, dict[str, float]]:
    """Per version, how many answers, and when the first and the last was sent and had ended."""
    return {
        version: {
            "requests": len(of_version),
            "first_sent": rounded(min(one.sent for one in of_version)),
            "first_ended": rounded(min(one.ended for one in of_version)),
            "last_sent": rounded(max(one.sent for one in of_version)),
            "last_ended": rounded(max(one.ended for one in of_version)),
        }
        for version, of_version in grouped(seen, "version").items()
        if version is not None
    }


def timeline(seen: list[Seen]) -> list[dict[str, Any]]:
    """Which version answered, in the order in which requests were sent; one entry per change."""
    known = sorted((one for one in seen if one.version is not None), key=attrgetter("sent"))
    runs = [(version, list(run)) for version, run in groupby(known, attrgetter("version"))]
    return [
        {
            "version": version,
            "from": rounded(run[0].sent),
            "to": rounded(run[-1].sent),
            "requests": len(run),
        }
        for version, run in runs
    ]


def error(one: Seen) -> dict[str, Any]:
    """Everything known of a request that failed."""
    return {
        "kind": one.kind,
        "path": one.path,
        "outcome": one.outcome.value,
        "status": one.status,
        "detail": one.detail,
        "reused": one.reused,
        "due": rounded(one.due),
        "sent": rounded(one.sent),
        "ended": rounded(one.ended),
    }


def grouped(seen: list[Seen], name: str) -> dict[Any, list[Seen]]:
    """By the value of a field, in the order of first appearance."""
    groups: dict[Any, list[Seen]] = {}
    for one in seen:
        groups.setdefault(getattr(one, name), []).append(one)
    return groups


def rounded(number: float) -> float:
    """Three places: microseconds of milliseconds, milliseconds of seconds."""
    return round(number, 3)
