"""Text from outside is decoded strictly and shown harmlessly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import decode, escaped, escaped_json, pointed_at, quoted


def test_a_byte_order_mark_is_dropped() -> None:
    assert decode(b"\xef\xbb\xbfweb: x", "Procfile") == "web: x"


def test_a_file_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(RefusedInputError) as refusal:
        decode(b"web: x\nworker: caf\xe9\n", "Procfile")

    assert refusal.value.message == "`Procfile` is not UTF-8 text: line 2 contains other bytes"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é", "plain é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\x00", "a\\nb\\x00"),
        ("\u202egpj", "\\u202egpj"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_could_act_on_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(st.characters()))
def test_a_quoted_value_is_one_short_printable_line(value: str) -> None:
    shown = quoted(value)

    assert shown[0] == shown[-1] == "`"
    assert not any(ord(character) < 32 for character in shown)
    assert shown.encode()


@given(st.text())
def test_json_means_the_same_and_acts_on_no_terminal(text: str) -> None:
    shown = escaped_json(json.dumps({"text": text}, ensure_ascii=False))

    assert json.loads(shown) == {"text": text}
    assert escaped(shown) == shown


def test_the_caret_stands_below_its_character() -> None:
    assert pointed_at("web gunicorn", 3) == "  web gunicorn\n     ^"


def test_the_caret_of_a_long_line_stands_below_its_character() -> None:
    line, caret = pointed_at("a" * 200 + "!" + "b" * 200, 200).split("\n")

    assert line[caret.index("^")] == "!"
    assert len(line) < 72


@given(st.text(), st.integers(0, 200))
def test_an_excerpt_always_has_two_lines(line: str, column: int) -> None:
    assert len(pointed_at(line, min(column, len(line))).split("\n")) == 2
