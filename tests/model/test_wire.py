"""Values and errors come back from a wire as what they were."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

import pytest

from pushdeploy import errors
from pushdeploy.errors import (
    CommandFailedError,
    DeployFailedError,
    NotFoundError,
    PortTakenError,
    PushdeployError,
    UnavailableError,
)
from pushdeploy.model.wire import error_record, plain, read, read_arguments, read_error


class Colour(StrEnum):
    """A closed set."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    """A part."""

    number: int | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Value:
    """One of each kind."""

    text: str
    share: float
    parts: tuple[Inner, ...]
    named: dict[str, Inner]
    part: Inner | None = None
    records: tuple[dict[str, object], ...] = ()


INNER = Inner(3, Colour.RED)
VALUE = Value("ü", 1.0, (INNER, Inner(None, Colour.RED)), {"a": INNER}, INNER, ({"x": [1]},))


def test_a_value_comes_back_as_it_was() -> None:
    assert read(Value, json.loads(json.dumps(plain(VALUE)))) == VALUE


def test_a_whole_number_is_a_share_and_a_missing_field_its_default() -> None:
    said = {"text": "a", "share": 2, "parts": [], "named": {}}

    found = read(Value, said)

    assert (found.share, type(found.share), found.part) == (2.0, float, None)


def test_keys_of_a_newer_version_are_passed_over() -> None:
    assert read(Inner, {"number": 3, "colour": "red", "taste": "sweet"}) == INNER


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"number": 3},
        {"number": "3", "colour": "red"},
        {"number": True, "colour": "red"},
        {"number": 3, "colour": "sweet"},
        {"number": 3, "colour": None},
        [],
        None,
        "text",
        7,
    ],
)
def test_what_is_of_another_type_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read(Inner, said)


CLASSES = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, PushdeployError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_keeps_its_class_and_all_that_it_holds(kind: type[PushdeployError]) -> None:
    more = {"status": 3, "output": "no"} if issubclass(kind, CommandFailedError) else {}
    more |= {"report": ("one", "two")} if issubclass(kind, DeployFailedError) else {}
    error = kind("`x` is gone", hint="look", **more)

    found = read_error(json.loads(json.dumps(error_record(error))))

    assert type(found) is kind
    assert (vars(found), found.exit_code) == (vars(error), kind.exit_code)


def test_an_error_of_a_module_of_its_own_is_the_nearest_that_everybody_knows() -> None:
    class LateError(UnavailableError):
        """Known here alone."""

    assert type(read_error(error_record(LateError("late")))) is UnavailableError


def test_an_exit_code_of_its_own_is_kept() -> None:
    bug = PushdeployError("pushdeploy itself failed")
    bug.exit_code = 70

    assert read_error(error_record(bug)).exit_code == 70
    assert PushdeployError.exit_code == 1


@pytest.mark.parametrize("kind", [None, "os", "Exception", "NewerError", "annotations"])
def test_a_class_that_nobody_knows_is_the_root(kind: object) -> None:
    found = read_error({"kind": kind, "message": "no", "hint": None, "exit_code": 9})

    assert (type(found), found.exit_code) == (PushdeployError, 9)


def test_a_caller_can_tell_one_failure_from_another() -> None:
    with pytest.raises(PortTakenError):
        raise read_error(error_record(PortTakenError("taken")))
    with pytest.raises(NotFoundError):
        raise read_error(error_record(NotFoundError("gone")))


def said_to(_: object, *, names: tuple[str, ...], count: int = 3, app: str | None = None) -> None:
    """What a request may tell."""


def test_a_request_tells_what_the_parameters_of_a_verb_are() -> None:
    said = {"names": ["a", "b"], "app": None, "verb": "ps", "who": "ada"}

    assert read_arguments(said_to, said) == {"names": ("a", "b"), "app": None}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "`names` is missing"),
        ({"names": "ab"}, "`names`: 'ab' is not a list"),
        ({"names": [1]}, "`names`: 1 is not str"),
        ({"names": [], "count": "3"}, "`count`: '3' is not int"),
        ({"names": [], "count": True}, "`count`: True is not int"),
        ({"names": [], "app": {}}, "`app`: {} is not str"),
    ],
)
def test_a_request_of_other_types_says_which_word_is_wrong(
    said: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        read_arguments(said_to, said)


def test_an_error_without_a_hint_has_none_on_the_other_side() -> None:
    assert read_error(error_record(NotFoundError("gone"))).hint is None


def test_an_answer_of_another_shape_is_named_by_what_was_wanted() -> None:
    with pytest.raises(ValueError, match="this is not Inner"):
        read(Inner, 7)
