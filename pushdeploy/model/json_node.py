"""A value of a JSON file that people write, read with its type and its place in the file."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import CONTROL, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

DEEPEST = 50
"""Levels of nesting: more than any `app.json`, far from Python's recursion limit."""


@dataclass(frozen=True, slots=True)
class JsonNode:
    """One value; `path` is its place, such as `healthchecks.web[0].path`, empty for the whole."""

    file: str
    path: str
    value: object

    def refuse(self, problem: str, advice: str) -> NoReturn:
        """Say what is wrong with this value, and where.

        Raises:
            RefusedInputError: Always.
        """
        place = f" at `{self.path}`" if self.path else ""
        raise RefusedInputError(
            f"`{self.file}`{place}: {problem}",
            hint=f"in {self.file}, {advice}",
        )

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse a key of an object that is none of these: it would silently do nothing.

        Raises:
            RefusedInputError: there is one.
        """
        for key in self.keys():
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                only = f"keep only these there: {', '.join(known)}"
                self.refuse(f"unknown key {quoted(key)}", f"write `{close[0]}`" if close else only)

    def keys(self) -> tuple[str, ...]:
        """The keys of an object."""
        return tuple(self._object())

    def get(self, key: str) -> JsonNode | None:
        """The value of a key of an object; None when it is absent or null."""
        value = self._object().get(key)
        path = f"{self.path}.{key}" if self.path else key
        return None if value is None else JsonNode(self.file, path, value)

    def each(self) -> tuple[JsonNode, ...]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self._refuse_type("a list, `[…]`")
        return tuple(
            JsonNode(self.file, f"{self.path}[{index}]", value)
            for index, value in enumerate(self.value)
        )

    def text(self) -> str:
        """A text without control characters."""
        if not isinstance(self.value, str):
            self._refuse_type('a text, `"…"`')
        if CONTROL.search(self.value):
            self.refuse(f"{quoted(self.value)} contains a control character", "remove it")
        return self.value

    def number(self, lowest: float, highest: float) -> float:
        """A number within the bounds, both included."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self._refuse_type("a number")
        if not lowest <= self.value <= highest:
            self._refuse_type(f"a number from {lowest:g} to {highest:g}")
        return self.value

    def whole(self, lowest: int, highest: int) -> int:
        """A whole number within the bounds, both included."""
        value = self.number(lowest, highest)
        if value != int(value):
            self._refuse_type("a whole number")
        return int(value)

    def truth(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            self._refuse_type("`true` or `false`")
        return self.value

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            self._refuse_type("an object, `{…}`")
        return cast("dict[str, object]", self.value)

    def _refuse_type(self, wanted: str) -> NoReturn:
        self.refuse(
            f"expected {wanted}, found {quoted(json.dumps(self.value, default=str))}",
            f"write {wanted}",
        )


def parse_json(text: str, file: str) -> JsonNode:
    """The whole of a JSON file.

    Args:
        text: JSON as in RFC 8259: no comments, no comma before a closing bracket.
        file: The file's name, for messages.

    Raises:
        RefusedInputError: It is not JSON, or contains a key twice, `NaN`, or too many levels.
    """
    try:
        value = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=lambda pairs: _once_each(pairs, file),
            parse_constant=lambda name: _refuse_constant(name, file),
        )
    except json.JSONDecodeError as error:
        raise _not_json(text, file, error) from None
    except (RecursionError, ValueError):  # a ValueError is a number of over 4300 digits
        value = None
    if _depth(value) > DEEPEST or value is None:
        raise RefusedInputError(
            f"`{file}` is empty, nested too deeply, or contains a number that is too long",
            hint=f"write an object, `{{…}}`, in {file}",
        )
    return JsonNode(file, "", value)


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def _once_each(pairs: list[tuple[str, object]], file: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise RefusedInputError(
                f"`{file}` contains the key {quoted(key)} twice in one object",
                hint=f"in {file}, keep one of them",
            )
        found[key] = value
    return found


def _refuse_constant(name: str, file: str) -> NoReturn:
    raise RefusedInputError(
        f"`{file}` contains `{name}`, which is not JSON", hint=f"in {file}, write a number"
    )


def _from_the_comma(error: json.JSONDecodeError) -> str:
    """The text from the comma before the error on; from Python 3.13 the error is at the comma."""
    before = error.doc[: error.pos + 1].rpartition(",")[0]
    return error.doc[len(before) :]


def _not_json(text: str, file: str, error: json.JSONDecodeError) -> RefusedInputError:
    line = text.removeprefix("\ufeff").split("\n")[error.lineno - 1]
    rest = line[max(0, error.colno - 1) :].lstrip()
    if re.match(r"//|/\*|#", rest):
        found, advice = "a comment, which JSON does not have", "remove the comments"
    elif re.match(r",\s*[}\]]", _from_the_comma(error)):
        found, advice = "a comma before a closing bracket", "remove that comma"
    else:
        found, advice = error.msg[0].lower() + error.msg[1:], "correct it"
    return RefusedInputError(
        f"`{file}` is not JSON: line {error.lineno}, column {error.colno}: {found}",
        hint=f"in {file}, line {error.lineno}, {advice}",
    )
