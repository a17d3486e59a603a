"""Which of many lines of an app's history still say something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    Line = Mapping[str, object]

ROLLBACK = "rollback"


def lines_asked_for(lines: Sequence[Line], present: Collection[int]) -> list[Line]:
    """The lines that must stay; read alone they lead to the same as all, for what is `present`.

    A release that is gone can't be gone back to. That it was live once matters no more, unless
    somebody went back to it: that cut off the way, so both changes stay. So do those to a release
    that was built again and to what it took the place of, which are few. The change to the highest
    number stays too, so that none is given twice.
    """
    changes = _changes(lines)
    releases = [_number(lines[intent], "intent") for intent, _ in changes]
    targets = {
        release
        for release, (intent, _) in zip(releases, changes, strict=True)
        if lines[intent].get("kind") == ROLLBACK
    }
    rebuilt = {
        number
        for intent, _ in changes
        if "stands_for" in lines[intent]
        for number in (_number(lines[intent], "intent"), _number(lines[intent], "stands_for"))
    }
    stay = {*present, *targets, *rebuilt, max(releases, default=0)}
    keep = {
        index
        for release, pair in zip(releases, changes, strict=True)
        if release in stay
        for index in pair
    }
    keep |= {*_warm(lines, present), *_open_intent(lines), *_others(lines, present)}
    return [lines[index] for index in sorted(keep)]


def _changes(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Where each intent stands that was settled, and where that is said."""
    found: list[tuple[int, int]] = []
    intent: int | None = None
    for index, line in enumerate(lines):
        if "intent" in line:
            intent = index
        elif "settled" in line or "dropped" in line:
            if intent is not None and line.get("settled") == lines[intent]["intent"]:
                found.append((intent, index))
            intent = None
    return found


def _open_intent(lines: Sequence[Line]) -> list[int]:
    """Of a switch under way, or one that was killed."""
    found: list[int] = []
    for index, line in enumerate(lines):
        if "intent" in line:
            found = [index]
        elif "settled" in line or "dropped" in line:
            found = []
    return found


def _warm(lines: Sequence[Line], present: Collection[int]) -> list[int]:
    """What began the warm time of each release that is warm."""
    found: dict[int, int] = {}
    for index, line in enumerate(lines):
        if "warm" in line:
            found[_number(line, "warm")] = index
        elif "cold" in line or "settled" in line:
            found.pop(_number(line, "cold" if "cold" in line else "settled"), None)
    return [index for release, index in found.items() if release in present]


def _others(lines: Sequence[Line], present: Collection[int]) -> list[int]:
    """Whatever else is said of a release that is there: a line's first value is its number."""
    known = {"intent", "settled", "dropped", "warm", "cold"}
    return [
        index
        for index, line in enumerate(lines)
        if line and not known & set(line) and next(iter(line.values())) in present
    ]


def _number(line: Line, name: str) -> int:
    return int(str(line[name]))
