"""How a regular expression can come to take more than linear time, seen in its own tree.

Two repetitions without end that follow each other, with nothing in between that must be there and
that the first can't be, and share a character, try all ways to divide what they match: quadratic.
One inside another is worse. One at the very beginning makes `search` and `sub` quadratic.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 1000
"""From so many on a repetition counts as one without end."""

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
CHARACTERS = [chr(code) for code in range(128)] + ["é", "\u2028", "\U0001f600"]

Tree = list[tuple[Any, Any]]


def faults(pattern: re.Pattern[str], *, searched: bool) -> list[str]:
    """What is wrong with it, in words; `searched`: it is looked for anywhere in a text."""
    tree = list(parser.parse(pattern.pattern, pattern.flags))
    found = list(_nested(tree, pattern.flags)) + list(_adjacent(tree, pattern.flags))
    if searched and _begins_without_end(tree):
        found.append("it begins with a repetition, and is searched for")
    return found


def _begins_without_end(tree: Tree) -> bool:
    for code, value in tree:
        if code is codes.AT:
            return False
        if code in REPEATS:
            return bool(value[1] >= MANY)
        if code is codes.SUBPATTERN:
            return _begins_without_end(list(value[-1]))
        return False
    return False


def _nested(tree: Tree, flags: int) -> Iterator[str]:
    for code, value in tree:
        inner = _inner(code, value)
        if code in REPEATS and value[1] >= MANY:
            for one in inner:
                if _ambiguous_inside(one, flags):
                    yield "a repetition inside a repetition, with nothing between its rounds"
        for one in inner:
            yield from _nested(one, flags)


def _ambiguous_inside(tree: Tree, flags: int) -> bool:
    """An endless part of the round shares characters with the part that begins the next round."""
    flat = _flat(tree)
    endless = [_set([item], flags) for item in flat if _endless(item)]
    if not endless:
        return False
    must = [item for item in flat if not _optional(item)]
    if not must:
        return True
    first = _set([must[0]], flags)
    return (
        any(characters & first for characters in endless) and len(must) == 1 and _endless(must[0])
    )


def _adjacent(tree: Tree, flags: int) -> Iterator[str]:
    for path in _paths(tree):
        for index, item in enumerate(path):
            if not _endless(item):
                continue
            mine = _proxy([item], flags, -1)
            for other in path[index + 1 :]:
                if _endless(other) and mine & _proxy([other], flags, 1):
                    yield "two repetitions that share characters, with nothing between them"
                if not _optional(other):
                    break


def _proxy(tree: Tree, flags: int, step: int) -> set[str]:
    """What it can begin with (`step` 1), or end with (-1): up to the first part that must be."""
    found: set[str] = set()
    for item in _flat(tree)[::step]:
        inside = list(item[1][2]) if item[0] in REPEATS else []
        groups = len(_flat(inside)) > 1
        found |= _proxy(inside, flags, step) if groups else _set([item], flags)
        if not _optional(item):
            break
    return found


def _paths(tree: Tree, limit: int = 64) -> list[Tree]:
    """The ways through its branches, groups taken apart."""
    paths: list[Tree] = [[]]
    for code, value in tree:
        if code is codes.SUBPATTERN:
            ends = _paths(list(value[-1]))
        elif code is codes.BRANCH:
            ends = [one for branch in value[1] for one in _paths(list(branch))]
        elif code in REPEATS and value[1] < MANY:
            ends = [[], *_paths(list(value[2]))] if value[0] == 0 else _paths(list(value[2]))
        elif code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
            continue
        else:
            ends = [[(code, value)]]
        paths = [[*path, *end] for path in paths for end in ends][:limit]
    return paths


def _flat(tree: Tree) -> Tree:
    return _paths(tree)[-1]


def _endless(item: tuple[Any, Any]) -> bool:
    return item[0] in REPEATS and item[1][1] >= MANY


def _optional(item: tuple[Any, Any]) -> bool:
    return item[0] in REPEATS and item[1][0] == 0


def _inner(code: Any, value: Any) -> list[Tree]:
    if code is codes.SUBPATTERN:
        return [list(value[-1])]
    if code in REPEATS:
        return [list(value[2])]
    if code is codes.BRANCH:
        return [list(one) for one in value[1]]
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [list(value[1])]
    return []


def _set(tree: Tree, flags: int) -> set[str]:
    """The characters that it can hold."""
    found: set[str] = set()
    for code, value in tree:
        inner = _inner(code, value)
        if inner:
            for one in inner:
                found |= _set(one, flags)
        elif code is not codes.AT:
            found |= {one for one in CHARACTERS if _matches(code, value, one, flags)}
    return found


def _matches(code: Any, value: Any, character: str, flags: int) -> bool:
    if code is codes.ANY:
        return character != "\n" or bool(flags & re.DOTALL)
    if code is codes.LITERAL:
        return chr(value) == character
    if code is codes.NOT_LITERAL:
        return chr(value) != character
    if code is codes.IN:
        negated = value[0][0] is codes.NEGATE
        return negated != any(_in(one, what, character) for one, what in value)
    return True


CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}


def _in(code: Any, value: Any, character: str) -> bool:
    if code is codes.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    if code is codes.CATEGORY:
        return re.fullmatch(CATEGORIES[value], character) is not None
    return code is codes.LITERAL and chr(value) == character
