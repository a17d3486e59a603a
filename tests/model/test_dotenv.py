"""A `.env` is read as people write it, and never shown in an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dotenv import parse_dotenv, render_dotenv, render_for_shell
from pushdeploy.model.environment import Environment, parse_vars, render_shell
from pushdeploy.model.text import decode_any

NAMES = st.from_regex(r"[A-Z]_[A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TRICKY = st.text(alphabet="ab'\"\\\n\r\t #$=`{}é")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("A=''", ""),
        ('A=""', ""),
        ("A= ", ""),
        ("A=   # nothing", ""),
        ("  A = 1  ", "1"),
        ("export A=1", "1"),
        ("\texport\tA=1", "1"),
        ("A=two words", "two words"),
        ("A=1 # one", "1"),
        ("A=1\t# one", "1"),
        ("A=a#b", "a#b"),
        ("A=#b", "#b"),
        ("A=a=b==", "a=b=="),
        ("A='a # b' # c", "a # b"),
        ('A="a # b"# c', "a # b"),
        ("A=it's", "it's"),
        ("A=$B ${C}", "$B ${C}"),
        ('A="$B ${C} `d`"', "$B ${C} `d`"),
        ("A='$B'", "$B"),
        ('A="a\\nb\\tc\\\\n"', "a\nb\tc\\n"),
        ('A="say \\"hi\\""', 'say "hi"'),
        ("A='a\\nb'", "a\\nb"),
        ("A='it\\'s \\\\'", "it's \\"),
        ('A="\\d\\$"', "\\d\\$"),
        ("A=a\\nb", "a\\nb"),
        ("A=C:\\dir", "C:\\dir"),
        ('A="one\ntwo"', "one\ntwo"),
        ("A='-----BEGIN KEY-----\r\nab=\r\n-----END KEY-----\r\n'", None),
        ("A=é \u2028x", "é \u2028x"),
        ("\ufeffA=1", "1"),
        ("A=1\r\n", "1"),
        ("# c\r\n\r\n  # d\r\nA=1\r\n \t", "1"),
    ],
)
def test_a_line_is_read_as_people_mean_it(line: str, value: str | None) -> None:
    key = "-----BEGIN KEY-----\nab=\n-----END KEY-----\n"

    assert parse_dotenv(line) == {"A": key if value is None else value}


def test_several_lines_keep_their_order() -> None:
    text = "# first\nB=1\nexport A='x\ny'\n\nC=\n"

    assert list(parse_dotenv(text).items()) == [("B", "1"), ("A", "x\ny"), ("C", "")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("A=1\nsecret", "line 2 of the `.env` can't be read: it is not `NAME=value`"),
        ("A=1\n\n=secret", "line 3 of the `.env` can't be read: it is not `NAME=value`"),
        ("A=1\nB='secret", "line 2 of the `.env` can't be read: its opening quote is never"),
        ("A='x\ny\n'secret", "line 3 of the `.env` can't be read: there is text after"),
        ("A='x\nB='secret'\n", "line 2 of the `.env` can't be read: there is text after"),
        ("A=secret\nB=2\nA=secret", "line 3 of the `.env` can't be read: `A` is already set on"),
        ("A='x\ny'\nPORT=secret", "line 3 of the `.env`: `PORT` can't be set"),
        ("A-B=secret", "line 1 of the `.env`: `A-B` can't be the name"),
        ("A=secret\0", "line 1 of the `.env`: the value of `A` contains a NUL"),
        ("A=secret\ud800", "line 1 of the `.env`: the value of `A` is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_no_value(
    text: str, complaint: str
) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_dotenv(text)

    assert refusal.value.message.startswith(complaint)
    assert "secret" not in f"{refusal.value.message}{refusal.value.hint}"


def test_all_that_cannot_be_set_is_said_at_once() -> None:
    with pytest.raises(RefusedInputError) as refused:
        parse_dotenv("PORT=5000\nA='x\ny'\nPATH=secret\nB=1\nLISTEN_FDS=1\n")

    message, hint = refused.value.message, refused.value.hint
    assert message.startswith("line 1 of the `.env`: `PORT` can't be set")
    assert "line 4: `PATH` can't be set" in message
    assert "line 6: `LISTEN_FDS` can't be set" in message
    assert "secret" not in message
    assert hint == "remove or rename lines 1, 4 and 6 of the .env"


@given(st.dictionaries(NAMES, VALUES | TRICKY))
def test_what_is_written_is_what_is_read(values: dict[str, str]) -> None:
    assert parse_dotenv(render_dotenv(values)) == values


@given(st.text() | TRICKY)
def test_any_text_is_read_or_refused_with_a_hint(text: str) -> None:
    try:
        outcome: object = parse_dotenv(text) is not None
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A='it'\\''s'", "it's"),
        ("A='it'\"'\"'s' # c", "it's"),
        ("A=''\\'''", "'"),
        ("A='a'\"b\"'c'", "abc"),
        ("A=\"\\\\\"'x'\r", "\\x"),
        ("A='a\r\nb'\nB=1\r\n", "a\r\nb"),
        ("A='a\r\nb'\r\nB=1\r\n", "a\nb"),
        ("A=1\r\nB='\n'", "1"),
    ],
)
def test_quoted_parts_may_follow_one_another_and_a_value_may_have_crlf(
    line: str, value: str
) -> None:
    assert parse_dotenv(line)["A"] == value


@pytest.mark.parametrize("line", ["A='a'b", "A='a'\\\"b", "A='a' 'b'", "A='a'\\''", "A='a'\""])
def test_other_text_after_a_quote_is_refused(line: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_dotenv(line)


@given(st.dictionaries(NAMES, VALUES | TRICKY))
def test_what_is_rendered_for_a_shell_is_read_back(values: dict[str, str]) -> None:
    assert parse_dotenv(render_for_shell(values)) == values


@given(st.dictionaries(NAMES, VALUES | TRICKY, min_size=1))
def test_each_form_that_we_give_out_is_read_back(values: dict[str, str]) -> None:
    forms = (
        render_dotenv(values),
        render_for_shell(values),
        render_shell(Environment(values)),
        json.dumps(values, indent=2, ensure_ascii=False),
    )

    for text in forms:
        assert parse_vars(text) == values
        assert parse_vars(f"\ufeff{text}") == values


@given(st.dictionaries(NAMES, TRICKY, min_size=1))
def test_files_of_windows_are_read(values: dict[str, str]) -> None:
    text = render_for_shell(values)

    assert parse_vars(decode_any(b"\xff\xfe" + text.encode("utf-16-le"), "f")) == values
    assert parse_vars(decode_any(b"\xef\xbb\xbf" + text.encode(), "f")) == values


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"A\0=\x001\0", "NUL bytes"),
        (b"A=\xff", "not UTF-8"),
        (b'{"A": 1}', "A"),
        (b'{"A": "1", "A": "2"}', "A"),
        (b'{"PATH": "/bin"}', "`PATH` can't be set"),
        (b"export PATH='/bin'\n", "`PATH` can't be set"),
        (b"[1]", "line 1"),
    ],
)
def test_what_can_not_be_set_is_refused_in_every_form(content: bytes, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_vars(decode_any(content, ".env"))

    assert complaint.lower() in refusal.value.message.lower()


def test_of_a_name_that_is_set_twice_one_line_is_to_be_removed() -> None:
    with pytest.raises(RefusedInputError, match="`A` is already set on line 1") as refused:
        parse_dotenv("A=1\nB=2\nA=3\n")

    assert refused.value.hint == "remove one of the two lines"
