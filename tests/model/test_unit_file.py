"""A unit file is read as systemd reads it."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.unit_file import parse_unit_file, split_words


def test_settings_are_read_by_section_and_name() -> None:
    found = parse_unit_file("# a comment\n[Unit]\nDescription=A\n\n[Service]\nUser = ubuntu\r\n")

    assert found.last("Description", "Unit") == "A"
    assert found.last("User") == "ubuntu"
    assert found.last("Group") == ""


def test_a_line_goes_on_after_a_backslash_and_over_a_comment() -> None:
    found = parse_unit_file("[Service]\nExecStart=/bin/a \\\n# why\n  --one \\\n  --two\nUser=b\n")

    assert found.all("ExecStart") == ("/bin/a  --one  --two",)
    assert found.last("User") == "b"


def test_an_empty_value_forgets_the_earlier_ones() -> None:
    found = parse_unit_file(
        "[Service]\nExecStart=/bin/a\n[Service]\nExecStart=\nExecStart=/bin/b\n"
    )

    assert found.all("ExecStart") == ("/bin/b",)


@pytest.mark.parametrize("text", ["User=a\n", "[Service]\nnothing\n", "[Service]\n=x\n"])
def test_what_is_no_setting_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(RefusedInputError, match=rf"line {text.count(chr(10))} of the unit file"):
        parse_unit_file(text)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("\"A=x y\" B=''", ["A=x y", "B="]),
        (r"a\sb \x41 \101 \u00e9", ["a b", "A", "A", "é"]),
        (r"a\\b \q", ["a\\b", r"\q"]),
        ("''", [""]),
        ("", []),
    ],
)
def test_words_are_split_as_systemd_splits_them(value: str, words: list[str]) -> None:
    assert split_words(value) == words


def test_a_quote_that_is_not_closed_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="not closed"):
        split_words("a 'b")
