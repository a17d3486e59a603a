"""`app.json` is tolerant of what others put there and strict about what is used."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import AppJson, DeclaredVar, parse_app_json
from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["healthchecks", "web", "path", "httpHeaders", "pushdeploy", "storage"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"name": "Blog", "env": {}, "scripts": {}, "formation": {}},
        {"healthchecks": {"worker": [{"uptime": 10}]}},
        {"healthchecks": {"web": []}},
        {"healthchecks": {"web": [{"type": "liveness", "command": ["x"]}, {"type": "readiness"}]}},
        {"healthchecks": None, "pushdeploy": {}},
    ],
)
def test_a_file_without_anything_used_is_as_good_as_none(content: object) -> None:
    assert parse_app_json(json.dumps(content)) == AppJson()


def test_no_file_means_one_default_check() -> None:
    assert AppJson().healthchecks == (DEFAULT_CHECK,)


def test_startup_checks_are_read_in_their_order() -> None:
    app_json = parse_app_json(
        '{"healthchecks": {"web": [{"type": "startup", "path": "/a"}, {"path": "/b"}]}}'
    )

    assert app_json.healthchecks == (HealthCheck(path="/a"), HealthCheck(path="/b"))


def test_config_vars_are_read_in_the_form_of_heroku() -> None:
    env = {
        "A": "text",
        "B": {"generator": "secret"},
        "C": {"value": "x", "required": False},
        "D": {},
    }

    assert parse_app_json(json.dumps({"env": env})).env == (
        DeclaredVar("A", "text"),
        DeclaredVar("B", secret=True),
        DeclaredVar("C", "x", required=False),
        DeclaredVar("D"),
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"env": []}, "at `env`: expected an object"),
        ({"env": {"PATH": "x"}}, "at `env`: "),
        ({"env": {"A": {"value": 3}}}, "at `env.A.value`: expected a text"),
        ({"env": {"A": {"generator": "uuid"}}}, "expected `secret`, found `uuid`"),
        ([], "`app.json`: expected an object"),
        ({"healthchecks": []}, "at `healthchecks`: expected an object"),
        ({"healthchecks": {"web": {}}}, "at `healthchecks.web`: expected a list"),
        ({"healthchecks": {"web": [1]}}, "at `healthchecks.web[0]`: expected an object"),
        ({"healthchecks": {"web": [{}, {"path": "x"}]}}, "at `healthchecks.web[1].path`"),
        ({"healthchecks": {"web": [{"type": "boot"}]}}, "found `boot`"),
        ({"healthchecks": {"web": [{}] * 11}}, "11 checks, the maximum is 10"),
    ],
)
def test_a_value_that_is_used_and_wrong_is_refused(content: object, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_app_json(json.dumps(content))

    assert complaint in refusal.value.message
    assert refusal.value.hint


@given(JSON)
def test_any_json_is_parsed_or_refused_with_a_hint(content: object) -> None:
    try:
        outcome: object = parse_app_json(json.dumps(content)).healthchecks
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome
