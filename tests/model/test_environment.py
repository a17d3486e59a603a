"""An environment is ordered, unchangeable, silent about its values, and survives its file."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.environment import (
    Environment,
    parse_assignments,
    parse_shell,
    render_shell,
)

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text(
    alphabet="'\\\n a"
)
ENVIRONMENTS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True), VALUES, max_size=30
).map(Environment)


@given(ENVIRONMENTS)
def test_what_is_rendered_for_the_shell_is_parsed_back(environment: Environment) -> None:
    assert parse_shell(render_shell(environment)) == environment


def test_the_shell_form_is_ordered_and_single_quoted() -> None:
    environment = Environment({"B": "it's", "A": "1\n2"})

    assert render_shell(environment) == "export A='1\n2'\nexport B='it'\\''s'\n"
    assert render_shell(Environment()) == ""


@pytest.mark.parametrize(
    "text",
    [
        "export A='secret'",
        "export A=secret\n",
        "A='secret'\n",
        "export A='secret'\n\n",
        "# secret\n",
        "export A='secret'; reboot\n",
        "export A='secret'\nexport A='secret'\n",
        "export B='secret'\nexport A='secret'\n",
        "export A='sec'ret'\n",
        "export A='secret\0'\n",
        "export A='secret'\r\n",
    ],
)
def test_a_text_that_was_not_rendered_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(RefusedInputError, match="damaged") as refusal:
        parse_shell(text)

    assert "secret" not in f"{refusal.value.message}{refusal.value.hint}"


@given(st.text(alphabet="export A='\\\n1"))
def test_a_text_is_parsed_only_as_it_would_be_rendered(text: str) -> None:
    try:
        environment = parse_shell(text)
    except RefusedInputError:
        return

    assert render_shell(environment) == text


@given(ENVIRONMENTS)
def test_no_value_occurs_in_a_repr(environment: Environment) -> None:
    assume(environment.values)
    masked = Environment(dict.fromkeys(environment.values, "secret"))

    assert "secret" not in f"{masked!r} {masked}"
    assert all(name in repr(masked) for name in environment.values)


def test_vars_are_ordered_by_name_and_compared_by_content() -> None:
    assert Environment({"B": "1", "A": "2"}) == Environment({"A": "2", "B": "1"})
    assert list(Environment({"B": "1", "A": "2"}).values) == ["A", "B"]
    assert Environment({"A": "1"}) != Environment({"A": "2"})


def test_setting_and_unsetting_leave_the_first_environment_as_it_was() -> None:
    first = Environment({"A": "1", "B": "2"})

    changed = first.set({"A": "3", "C": "4"}).unset(["B"])

    assert changed == Environment({"A": "3", "C": "4"})
    assert first == Environment({"A": "1", "B": "2"})


def test_an_environment_is_not_changed_through_the_mapping_it_was_made_from() -> None:
    values = {"A": "1"}
    environment = Environment(values)

    values["A"] = "2"

    assert environment.values["A"] == "1"
    with pytest.raises(TypeError):
        environment.values["A"] = "2"  # type: ignore[index]


def test_unsetting_what_is_not_set_is_refused() -> None:
    with pytest.raises(NotFoundError, match="`B` is not set"):
        Environment({"A": "1"}).unset(["A", "B"])


def test_setting_a_name_of_ours_is_refused_but_we_can_hold_it() -> None:
    with pytest.raises(UsageError, match="`PORT` can't be set"):
        Environment().set({"PORT": "1"})

    assert Environment({"PORT": "1"}).values["PORT"] == "1"


def test_vars_that_are_too_large_together_are_refused() -> None:
    with pytest.raises(UsageError, match="bytes together"):
        Environment({f"A{number}": "x" * 120_000 for number in range(9)})


def test_arguments_are_split_at_their_first_equals_sign() -> None:
    assert parse_assignments(["A=1", "B=x y", "C=", "D=a=b"]) == {
        "A": "1",
        "B": "x y",
        "C": "",
        "D": "a=b",
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["A=1", "secret"], "argument 2 has no `=`"),
        (["=secret"], "`` can't be the name"),
        (["PORT=secret"], "`PORT` can't be set"),
        (["A=secret", "A=secret"], "`A` is set twice"),
        (["A=secret\0"], "a NUL character"),
    ],
)
def test_an_argument_that_sets_nothing_is_refused_without_being_shown(
    arguments: list[str], complaint: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_assignments(arguments)

    assert complaint in refusal.value.message
    assert "secret" not in f"{refusal.value.message}{refusal.value.hint}"
