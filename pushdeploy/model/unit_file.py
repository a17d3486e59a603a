r"""A unit file of systemd, as far as is needed to take an app over from one.

`[Section]` and `Name=value` lines; `#` and `;` begin comments; a `\` at a line's end continues it;
an empty value forgets what was said of the name before; later values are added to earlier ones.

Source: systemd.syntax(7), systemd.exec(5)
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - the dataclass shows its field's type
from dataclasses import dataclass
from types import MappingProxyType

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted, refuse_longer

LONGEST_UNIT = 256 * 1024
"""Characters, with all drop-ins."""

_SECTION = re.compile(r"\[([^\[\]\n]+)\]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "s": " ",
}


@dataclass(frozen=True, slots=True)
class UnitFile:
    """The settings of a unit, by section and name; a name has a list of values."""

    settings: Mapping[tuple[str, str], tuple[str, ...]]

    def all(self, name: str, section: str = "Service") -> tuple[str, ...]:
        """All values of a setting, in their order."""
        return self.settings.get((section, name), ())

    def last(self, name: str, section: str = "Service") -> str:
        """The value that counts where only one does; empty when there is none."""
        return (*("",), *self.all(name, section))[-1]


def parse_unit_file(text: str) -> UnitFile:
    """The settings of a unit file, or of several one after the other (`systemctl cat`).

    Raises:
        RefusedInputError: A line is none of systemd's.
    """
    refuse_longer(text, LONGEST_UNIT, "unit file")
    found: dict[tuple[str, str], list[str]] = {}
    section = ""
    for number, line in _joined(text):
        head = _SECTION.fullmatch(line)
        if head:
            section = head[1]
            continue
        name, equals, value = (part.strip(" \t") for part in line.partition("="))
        if not equals or not section or not _NAME.fullmatch(name):
            raise RefusedInputError(
                f"line {number} of the unit file is not a setting: {quoted(line)}",
                hint="systemd-analyze verify FILE shows what systemd makes of it",
            )
        if value:
            found.setdefault((section, name), []).append(value)
        else:
            found.pop((section, name), None)
    return UnitFile(MappingProxyType({key: tuple(values) for key, values in found.items()}))


def _joined(text: str) -> list[tuple[int, str]]:
    """Lines without comments and blanks, those that go on put together; numbers from 1."""
    found: list[tuple[int, str]] = []
    parts: list[str] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r").strip(" \t")
        if line[:1] in {"#", ";"} or (not line and not parts):
            continue  # a comment between continued lines does not end them
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        found.append((number, " ".join([*parts, line]).strip(" \t")))
        parts = []
    if parts:
        found.append((text.count("\n") + 1, " ".join(parts).strip(" \t")))
    return [(number, line) for number, line in found if line]


def split_words(value: str) -> list[str]:
    r"""The words of a value: parted by blanks, with `'…'`, `"…"` and C's escapes.

    A backslash before anything else stays, as systemd leaves it.

    Raises:
        RefusedInputError: A quote is not closed.
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    position = 0
    while position < len(value):
        char = value[position]
        position += 1
        if char == "\\" and position < len(value):
            text, position = _escape(value, position)
            word = _with(word, text)
        elif quote:
            if char == quote:
                quote = ""
            else:
                word = _with(word, char)
        elif char in "'\"":
            quote = char
            word = [] if word is None else word
        elif char in " \t\n":
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = _with(word, char)
    if quote:
        raise RefusedInputError(
            f"a value of the unit file has a `{quote}` that is not closed: {quoted(value)}",
            hint="close the quote, then systemctl daemon-reload",
        )
    return words if word is None else [*words, "".join(word)]


def _with(word: list[str] | None, text: str) -> list[str]:
    word = [] if word is None else word
    word.append(text)
    return word


def _escape(value: str, position: int) -> tuple[str, int]:
    """What a backslash and what follows it mean, and where the rest begins."""
    char = value[position]
    for length, digits, base in ((2, "x", 16), (4, "u", 16), (8, "U", 16)):
        code = value[position + 1 : position + 1 + length]
        if char == digits and re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", code):
            return _character(int(code, base)), position + 1 + length
    octal = value[position : position + 3]
    if re.fullmatch(r"[0-7]{3}", octal):
        return _character(int(octal, 8)), position + 3
    return _ESCAPES.get(char, f"\\{char}"), position + 1


def _character(code: int) -> str:
    try:
        return chr(code)
    except (OverflowError, ValueError):
        return "\ufffd"
