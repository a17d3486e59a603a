r"""A `.env` file as people write it, read into config vars and written back.

The grammar is python-dotenv's, without interpolation: `$` and `${NAME}` stay as they stand.

- `NAME=value`, with or without `export` before it and blanks around `=`; `NAME=` is empty.
- `#` begins a comment on a line of its own, after a blank, or after a closing quote.
- In `'…'`, only `\'` and `\\` are escapes; in `"…"` also `\"` and `\a \b \f \n \r \t \v`.
  Quoted values may have several lines. Any other backslash stays.
- Quoted parts may follow one another without a blank, and `\'` between them is a `'`, as in a
  shell: `'it'\''s'`, `'it'"'"'s'`.
- At a line's end CRLF counts as LF; within a quoted value only when all lines of the file end so.

A name given twice is refused, where other readers take the last.

Source: https://github.com/theskumar/python-dotenv
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.config_var import check_name, check_value
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_DOTENV = 2 << 20
"""Characters: twice what all config vars of an app may have, for comments."""

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\r?\Z)")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([^\s=]+)[ \t]*=")
_BLANKS = re.compile(r"[ \t]*")
_SINGLE = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_UNQUOTED = re.compile(r"[^\n]*")
_COMMENT = re.compile(r"(?<=[ \t])#.*")
_SINGLE_ESCAPE = re.compile(r"\\(['\\])")
_DOUBLE_ESCAPE = re.compile(r"\\([\\'\"abfnrtv])")
_MEANING = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_PARTS = re.compile(r"['\\]+|[^'\\]+")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-]*")


def parse_dotenv(text: str) -> dict[str, str]:
    """The config vars of a `.env` file, in its order.

    Raises:
        RefusedInputError: A line does not follow the grammar, or a name or value can't be set;
            the message has the line's number and never the value.
    """
    refuse_longer(text, LONGEST_DOTENV, ".env")
    text = text.removeprefix("\ufeff")
    if text.count("\r\n") == text.count("\n"):  # written so as a whole, not a value that has CRLF
        text = text.replace("\r\n", "\n")
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    refused: dict[int, str] = {}
    position, line = 0, 1
    while position < len(text):
        start = position
        blank = _REST_OF_LINE.match(text, position)
        if blank:
            position = blank.end()
        else:
            name, value, position = _binding(text, position, line)
            if name in lines:
                _refuse(
                    line,
                    f"{quoted(name)} is already set on line {lines[name]}",
                    "remove one of the two lines",
                )
            found[name], lines[name] = value, line
            try:
                check_name(name)
                check_value(name, value)
            except UsageError as error:
                refused[line] = error.message
        line += text.count("\n", start, position)
    if refused:
        raise _not_to_be_set(refused)
    return found


def _not_to_be_set(refused: Mapping[int, str]) -> RefusedInputError:
    """All of them at once: a file from another platform has several names of its own."""
    (first, problem), *others = refused.items()
    told = [f"line {first} of the `.env`: {problem}"]
    told += [f"line {line}: {problem}" for line, problem in others]
    numbers = [str(line) for line in refused]
    which = f"lines {', '.join(numbers[:-1])} and {numbers[-1]}" if others else f"line {first}"
    return RefusedInputError(" ".join(told), hint=f"remove or rename {which} of the .env")


def render_dotenv(values: Mapping[str, str]) -> str:
    """A `.env` file that `parse_dotenv` reads back as these values, one `NAME=value` after another.

    Single quotes where they do, so that a shell reads the same too.
    """
    return "".join(f"{name}={_rendered(value)}\n" for name, value in values.items())


def render_for_shell(values: Mapping[str, str]) -> str:
    r"""Lines `NAME='a value'` that a POSIX shell and `parse_dotenv` both read as these values.

    Where the two differ, at `\` and `'`, the value goes on in double quotes: `'it'"'"'s'`.
    """
    return "".join(f"{name}={_both(value)}\n" for name, value in values.items())


def _both(value: str) -> str:
    if value and _PLAIN.fullmatch(value):
        return value
    parts = [
        '"' + part.replace("\\", "\\\\") + '"' if part[0] in "'\\" else f"'{part}'"
        for part in _PARTS.findall(value)
    ]
    return "".join(parts) or "''"


def _binding(text: str, position: int, line: int) -> tuple[str, str, int]:
    """The name, the value and the position after one binding and its line end."""
    match = _NAME.match(text, position)
    if not match:
        _refuse(line, "it is not `NAME=value`, a comment or blank")
    value, end = _value(text, match.end(), line)
    return match[1], value, end


def _value(text: str, position: int, line: int) -> tuple[str, int]:
    blanks = _BLANKS.match(text, position)
    start = blanks.end() if blanks else position
    if text[start : start + 1] not in {"'", '"'}:
        raw = _UNQUOTED.match(text, position)
        end = raw.end() if raw else position
        return _COMMENT.sub("", text[position:end]).removesuffix("\r").strip(" \t"), end + 1
    parts, end = _quoted(text, start, line)
    rest = _REST_OF_LINE.match(text, end)
    if not rest:
        _refuse(line + text.count("\n", start, end), "there is text after the closing quote")
    return "".join(parts), rest.end()


def _quoted(text: str, position: int, line: int) -> tuple[list[str], int]:
    """The parts of a quoted value, and the position after its last quote."""
    parts: list[str] = []
    while True:
        quote = text[position : position + 1]
        if parts and text.startswith("\\'", position):
            parts.append("'")
            position += 2
        elif quote in {"'", '"'}:
            match = (_SINGLE if quote == "'" else _DOUBLE).match(text, position)
            if not match:
                _refuse(line, "its opening quote is never closed")
            parts.append(_unescaped(quote, match[1]))
            position = match.end()
        else:
            return parts, position


def _unescaped(quote: str, inside: str) -> str:
    if quote == "'":
        return _SINGLE_ESCAPE.sub(r"\1", inside)
    return _DOUBLE_ESCAPE.sub(lambda escape: _MEANING.get(escape[1], escape[1]), inside)


def _rendered(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\\r]", value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _refuse(line: int, problem: str, hint: str = "") -> NoReturn:
    written = f"write line {line} as `NAME=value`, with `'…'` around a value of several lines"
    raise RefusedInputError(
        f"line {line} of the `.env` can't be read: {problem}", hint=hint or written
    )
