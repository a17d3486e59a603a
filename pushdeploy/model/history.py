"""The history of what was live, and what it says about the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Change:
    """`current` went from one release to another."""

    release: int
    previous: int | None
    kind: str
    who: str
    at: float
    stands_for: int | None = None
    """The release that this one is, but for a venv that was built again."""


@dataclass(frozen=True, slots=True)
class Loop:
    """An instance crash-loops since some time."""

    release: int
    instance: str
    restarts: int
    """When it was noticed."""
    at: float


@dataclass(frozen=True, slots=True)
class History:
    """Every change of what is live, oldest first; an intent that was never settled, if any."""

    changes: tuple[Change, ...] = ()
    intent: Change | None = None
    warm: Mapping[int, float] = field(default_factory=dict)
    """Releases kept running after the switch, with the end of their time (epoch seconds)."""
    hang_restarts: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    """By release, when its web process answered nothing and was restarted, oldest first."""
    loops: tuple[Loop, ...] = ()
    """Crash loops that were noticed and have not ended."""

    @property
    def live(self) -> int | None:
        """The release that the history says is live."""
        return self.changes[-1].release if self.changes else None

    def once_live(self) -> list[int]:
        """Releases that were live at some time, each once, the latest to be live last."""
        seen: dict[int, None] = {}
        for change in self.changes:
            seen.pop(change.release, None)
            seen[change.release] = None
        return list(seen)

    def rolled_back_from(self) -> frozenset[int]:
        """Releases that a way back left and nothing made live again since."""
        return self._walk()[1]

    def previous(self, present: Iterable[int]) -> int | None:
        """Where a bare `rollback` goes: live before, still there, not rolled back from.

        Walks the way back through the history, never by number or time: after v1, v2, v3 and a
        rollback to v2, the next one goes to v1, not back to v3.
        """
        trail, left = self._walk()
        candidates = set(present) - left - {self.live}
        return next((one for one in reversed(trail) if one in candidates), None)

    def _walk(self) -> tuple[list[int], frozenset[int]]:
        """The way that led to what is live, and what was rolled back from.

        Going back cuts the way off; a rollback to what was cut off undoes that, and leaves nothing
        behind.
        """
        trail: list[int] = []
        cut: dict[int, list[int]] = {}
        left: set[int] = set()
        for change in self.changes:
            release, back = change.release, change.kind == "rollback"
            if change.stands_for is not None:
                _take_place(trail, cut, change.stands_for, release)
            undone = back and release in cut and release not in trail
            left.discard(release)
            if back and change.previous is not None and not undone:
                left.add(change.previous)
            if release in trail:
                cut |= {one: trail[: trail.index(one) + 1] for one in trail}
                del trail[trail.index(release) + 1 :]
            elif undone:
                trail = list(cut[release])
            else:
                trail.append(release)
        return trail, frozenset(left)


def read_history(records: Iterable[Mapping[str, object]]) -> History:
    """Fold the lines of `history.jsonl`.

    Lines: `{"intent": 13, "previous": 12, "kind": …, "who": …, "at": …}`, with
    `"stands_for": 9` when it is v9 with a venv that was built again, then
    `{"settled": 13}` or `{"dropped": 13}`; `{"warm": 12, "until": …}`, `{"cold": 12}`;
    `{"revived": 13, "at": …}`; `{"looping": 13, "instance": "worker.1", "restarts": 5, "at": …}`,
    `{"steady": 13, "instance": "worker.1"}`.
    """
    changes: list[Change] = []
    intent: Change | None = None
    warm: dict[int, float] = {}
    hang_restarts: dict[int, tuple[float, ...]] = {}
    loops: dict[tuple[int, str], Loop] = {}
    for record in records:
        if "intent" in record:
            intent = _change(record)
        elif "settled" in record:
            if intent is not None and intent.release == record["settled"]:
                changes.append(intent)
                warm.pop(intent.release, None)
            intent = None
        elif "dropped" in record:
            intent = None
        elif "warm" in record:
            warm[int(str(record["warm"]))] = float(str(record["until"]))
        elif "cold" in record:
            warm.pop(int(str(record["cold"])), None)
        else:
            _fold_watchdog(record, hang_restarts, loops)
    return History(tuple(changes), intent, warm, hang_restarts, tuple(loops.values()))


def _fold_watchdog(
    record: Mapping[str, object],
    hang_restarts: dict[int, tuple[float, ...]],
    loops: dict[tuple[int, str], Loop],
) -> None:
    instance, at = str(record.get("instance")), float(str(record.get("at", 0)))
    if "revived" in record:
        release = int(str(record["revived"]))
        hang_restarts[release] = (*hang_restarts.get(release, ()), at)
    elif "looping" in record:
        release, restarts = int(str(record["looping"])), int(str(record["restarts"]))
        loops[release, instance] = Loop(release, instance, restarts, at)
    elif "steady" in record:
        loops.pop((int(str(record["steady"])), instance), None)


def _take_place(trail: list[int], cut: dict[int, list[int]], former: int, release: int) -> None:
    """Put a release that was built again where the one stands that it was built from."""
    if former in cut:
        cut[release] = cut[former]
    for way in (trail, *cut.values()):
        way[:] = [release if one == former else one for one in way]


def _change(record: Mapping[str, object]) -> Change:
    previous, stands_for = record.get("previous"), record.get("stands_for")
    return Change(
        release=int(str(record["intent"])),
        previous=previous if isinstance(previous, int) else None,
        kind=str(record.get("kind", "deploy")),
        who=str(record.get("who", "")),
        at=float(str(record.get("at", 0))),
        stands_for=stands_for if isinstance(stands_for, int) else None,
    )


def releases_to_keep(
    history: History,
    present: Iterable[int],
    *,
    codes: Mapping[int, str],
    newest_failed: int,
    kept: int,
) -> frozenset[int]:
    """Which releases a prune must leave.

    `current`, warm ones, the last `kept` that were once live, and one of each of the last `kept`
    versions of the code that were: five changes of config vars must not put the former code out of
    reach. Failed tries do not count; only the newest of them stays, for a look at it.

    Args:
        history: what was live.
        present: the releases in place.
        codes: what code each has, by any name of it.
        newest_failed: how many failed ones stay.
        kept: how many good ones stay.
    """
    once_live = history.once_live()
    keep = set(once_live[-kept:]) | set(history.warm)
    newest: dict[str, int] = {}
    for release in once_live:
        code = codes.get(release)
        if code is not None:
            newest.pop(code, None)
            newest[code] = release
    keep.update(list(newest.values())[-kept:])
    if history.live is not None:
        keep.add(history.live)
    if history.intent is not None:
        keep.add(history.intent.release)
    failed = sorted(set(present) - set(once_live))
    keep.update(failed[-newest_failed:] if newest_failed else [])
    return frozenset(keep)
