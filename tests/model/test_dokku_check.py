"""A check in Dokku's form means here what it means there, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dokku_check import parse_check
from pushdeploy.model.health import HealthCheck, Verdict, accepts
from pushdeploy.model.json_node import parse_json


def check_of(value: object) -> HealthCheck:
    return parse_check(parse_json(json.dumps(value), "app.json"))


def test_an_empty_check_has_dokkus_defaults() -> None:
    assert check_of({}) == HealthCheck(
        path="/", attempts=3, timeout=5, wait=5, initial_delay=0, explicit=True
    )


def test_every_key_that_is_used_is_read() -> None:
    check = check_of(
        {
            "type": "startup",
            "path": "/health?full=1",
            "attempts": 10,
            "timeout": 2.5,
            "wait": 1,
            "initialDelay": 3,
            "content": "ok é",
            "httpHeaders": [{"name": "X-Probe", "value": " yes "}],
        }
    )

    assert check == HealthCheck(
        path="/health?full=1",
        attempts=10,
        timeout=2.5,
        wait=1,
        initial_delay=3,
        content="ok é",
        http_headers=(("X-Probe", "yes"),),
    )


def test_a_check_by_listening_alone_takes_any_answer() -> None:
    found = check_of({"listening": True})

    assert found == HealthCheck(listening=True)
    assert accepts(found, 426) is Verdict.PASS


@pytest.mark.parametrize(
    "harmless",
    [
        {"name": "web check", "description": "x"},
        {"port": 5000},
        {"scheme": "http"},
        {"scheme": "HTTP"},
        {"warn": False},
        {"onFailure": {"url": "https://example.com"}},
        {"listening": True},
        {"unknown": 1},
        {"command": None},
    ],
)
def test_a_key_without_a_meaning_here_changes_nothing(harmless: dict[str, object]) -> None:
    assert check_of({"path": "/up", **harmless}) == HealthCheck(path="/up")


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        ({"command": ["true"]}, "a check by `command` is not supported"),
        ({"uptime": 10}, "a check by `uptime` is not supported"),
        ({"scheme": "https"}, "at `scheme`: `https` is not supported"),
        ({"warn": True}, "a check that only warns"),
        ({"initial_delay": 1}, "unknown key `initial_delay`"),
        ({"Path": "/x"}, "unknown key `Path`"),
        ({"HTTPHeaders": []}, "unknown key `HTTPHeaders`"),
        ({"path": "health"}, "at `path`: `health` does not begin with `/`"),
        ({"path": "/a b"}, "contains a space"),
        ({"path": "/é"}, "non-ASCII"),
        ({"path": "/a\r\nX: y"}, "control character"),
        ({"path": 1}, "expected a text"),
        ({"path": "/" + "a" * 2000}, "2001 characters"),
        ({"attempts": 0}, "a number from 1 to 1000, found `0`"),
        ({"attempts": 1.5}, "a whole number"),
        ({"attempts": "3"}, "expected a number"),
        ({"timeout": 0}, "a number from 0.1 to 600"),
        ({"timeout": -1}, "a number from 0.1 to 600"),
        ({"wait": 601}, "a number from 0 to 600"),
        ({"initialDelay": True}, "expected a number"),
        ({"content": ""}, "an empty text is in every body"),
        ({"httpHeaders": {}}, "expected a list"),
        ({"httpHeaders": ["X: y"]}, "at `httpHeaders[0]`: expected an object"),
        ({"httpHeaders": [{"name": "X"}]}, "needs a `name` and a `value`"),
        ({"httpHeaders": [{"name": "X", "value": "a\r\nB: c"}]}, "control character"),
        ({"httpHeaders": [{"name": "X", "value": "a\nb"}]}, "control character"),
        ({"httpHeaders": [{"name": "X: y", "value": "a"}]}, "can't be a header's name"),
        ({"httpHeaders": [{"name": "", "value": "a"}]}, "can't be a header's name"),
        ({"httpHeaders": [{"name": "X", "value": "é"}]}, "non-ASCII"),
        ({"httpHeaders": [{"name": "Content-Length", "value": "9"}]}, "set by the check itself"),
        ({"httpHeaders": [{"name": "X", "value": "y"}] * 21}, "21 headers, the maximum is 20"),
    ],
)
def test_a_check_that_cannot_be_kept_is_refused(check: object, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        check_of(check)

    assert complaint in refusal.value.message


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_nothing_accepted_can_end_a_line_of_the_request(path: str, name: str, value: str) -> None:
    try:
        check = check_of({"path": "/" + path, "httpHeaders": [{"name": name, "value": value}]})
    except RefusedInputError:
        return

    sent = check.path + "".join(key + content for key, content in check.http_headers)
    assert sent.isascii()
    assert sent.isprintable()
    assert " " not in check.path
