"""JSON that people wrote is read strictly, and each refusal says where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.json_node import JsonNode, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1, // note\n}', "line 1, column 10: a comment, which JSON does not have"),
        ("/* note */ {}", "line 1, column 1: a comment"),
        ("# note\n{}", "line 1, column 1: a comment"),
        ('{"a": 1,\n}', "a comma before a closing bracket"),
        ('{"a": [1,]}', "a comma before a closing bracket"),
        ('{"a" 1}', "line 1, column 6: expecting ':' delimiter"),
        ("", "line 1, column 1: expecting value"),
        ("null", "is empty"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 51 + "]" * 51, "nested too deeply"),
        ("1" * 5000, "a number that is too long"),
        ('{"a": NaN}', "contains `NaN`"),
        ('{"a": -Infinity}', "contains `-Infinity`"),
        ('{"a": 1, "a": 2}', "contains the key `a` twice"),
    ],
)
def test_what_is_not_json_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_json(text, "app.json")

    assert refusal.value.message.startswith("`app.json`")
    assert complaint in refusal.value.message


@pytest.mark.parametrize(
    ("text", "read", "wanted"),
    [
        ("1", JsonNode.text, 'a text, `"…"`, found `1`'),
        ("[1]", JsonNode.keys, "an object, `{…}`, found `[1]`"),
        ("{}", JsonNode.each, "a list, `[…]`, found `{}`"),
        ("1", JsonNode.truth, "`true` or `false`, found `1`"),
        ("true", lambda node: node.number(0, 1), "a number, found `true`"),
        ('"1"', lambda node: node.number(0, 1), 'a number, found `"1"`'),
        ("2", lambda node: node.number(0, 1), "a number from 0 to 1, found `2`"),
        ("1e999", lambda node: node.number(0, 1), "a number from 0 to 1, found `Infinity`"),
        ("1.5", lambda node: node.whole(0, 9), "a whole number, found `1.5`"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(
    text: str, read: Callable[[JsonNode], object], wanted: str
) -> None:
    node = parse_json(f'{{"a": {{"b": {text}}}}}', "app.json").get("a")
    assert node is not None
    value = node.get("b")
    assert value is not None

    with pytest.raises(RefusedInputError) as refusal:
        read(value)

    assert refusal.value.message == f"`app.json` at `a.b`: expected {wanted}"


def test_a_text_with_a_line_end_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="control character"):
        parse_json('"a\\r\\nb"', "app.json").text()


def test_values_of_the_right_type_are_read() -> None:
    root = parse_json('\ufeff{"text": "é", "list": [true, 2.0], "null": null}', "app.json")
    text, items = root.get("text"), root.get("list")

    assert root.keys() == ("text", "list", "null")
    assert root.get("null") is root.get("absent") is None
    assert text is not None
    assert text.text() == "é"
    assert items is not None
    assert [item.path for item in items.each()] == ["list[0]", "list[1]"]
    assert items.each()[0].truth()
    assert items.each()[1].whole(0, 9) == 2


@given(st.text())
def test_any_text_is_parsed_or_refused_with_a_hint(text: str) -> None:
    try:
        outcome: object = parse_json(text, "app.json").path == ""
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome
