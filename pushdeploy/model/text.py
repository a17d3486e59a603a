"""Text that came from outside: decoded strictly, and shown without letting it act on a terminal."""

from __future__ import annotations

import codecs
import re

from pushdeploy.errors import RefusedInputError

SHOWN_CHARACTERS = 60
"""Longest excerpt of a value in a message, in characters: one line of a push's output."""

# C0, DEL and C1, lone surrogates (no UTF-8 for them), and the marks that reorder text on a screen.
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSHOWABLE_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
"""A control character other than tab, or a lone surrogate: never part of a line that we accept."""


def decode(content: bytes, file: str) -> str:
    """The text of a pushed file.

    Args:
        content: UTF-8, with or without a byte order mark.
        file: The file's name in the tree, for the message.

    Raises:
        RefusedInputError: It is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedInputError(
            f"`{file}` is not UTF-8 text: line {line} contains other bytes",
            hint=f"save `{file}` as UTF-8, commit it and push again",
        ) from None


def refuse_longer(text: str, most: int, file: str) -> None:
    """Refuse a file that is too long to be read.

    Raises:
        RefusedInputError: It has more than `most` characters; the message says how many may be.
    """
    if len(text) > most:
        raise RefusedInputError(
            f"`{file}` has {len(text):,} characters; the maximum is {most:,}",
            hint=f"make {file} shorter, commit it and push again",
        )


def decode_any(content: bytes, file: str) -> str:
    """The text of a file of a person's machine: UTF-8, or UTF-16 with its mark, as Windows writes.

    Raises:
        RefusedInputError: It is neither.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            pass
    if b"\0" in content:
        raise RefusedInputError(
            f"`{file}` is not text: it contains NUL bytes", hint=f"save `{file}` as UTF-8"
        )
    return decode(content, file)


def escaped(text: str) -> str:
    r"""The text with all that could act on a terminal written as `\x1b` and the like."""
    return _UNSHOWABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def escaped_json(text: str) -> str:
    r"""JSON that means the same; what JSON leaves alone and a terminal does not, as `\u009b`."""
    return _UNSHOWABLE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def quoted(value: str) -> str:
    """The value in backticks, escaped and cut to a length that fits a message."""
    cut = value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 1] + "…"
    return f"`{escaped(cut)}`"


def pointed_at(line: str, column: int) -> str:
    """Two lines of text: the line, cut if it is long, and a caret below one of its characters.

    Args:
        line: One line, without its end.
        column: Counted in characters from 0; may be the length of the line.
    """
    line = line.replace("\t", " ")
    start = max(0, column - SHOWN_CHARACTERS // 2)
    window = line[start : start + SHOWN_CHARACTERS]
    before = ("…" if start else "") + escaped(window[: column - start])
    after = escaped(window[column - start :])
    return f"  {before}{after}\n  {' ' * len(before)}^"
