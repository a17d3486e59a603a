"""Names and values are refused when the app would not see what was set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.config_var import LARGEST_VAR, check_name, check_value


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "_A",
        "secret_key",
        "DATABASE_URL",
        "ENV",
        "LC_ALL",
        "USER",
        "TZ",
        "WEB_CONCURRENCY",
        "PYTHONPATH",
        "LISTEN_ADDRESS",
        "PORTS",
        "EPOCHS",
    ],
)
def test_a_name_of_the_app_is_accepted(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "É", "A\n", "A.B", "A\x1b", "$A"])
def test_a_name_that_no_shell_knows_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="can't be the name of a config var") as refusal:
        check_name(name)

    assert refusal.value.message.isprintable()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PORT", "the port that the release was given"),
        ("PATH", "the programs of the app's venv"),
        ("HOME", "the home of the app's user"),
        ("GIT_REV", "the commit of the release"),
        ("PUSHDEPLOY_APP", "our own"),
        ("_", "the shell"),
        ("IFS", "the shell"),
        ("PWD", "the shell"),
        ("UID", "the shell"),
        ("BASH_ENV", "the shell"),
        ("BASHOPTS", "the shell"),
        ("EPOCHSECONDS", "the shell"),
        ("COMP_WORDBREAKS", "the shell"),
        ("OPTIND", "the shell"),
        ("LISTEN_FDS", "systemd"),
        ("NOTIFY_SOCKET", "systemd"),
        ("WATCHDOG_USEC", "systemd"),
    ],
)
def test_a_name_with_another_owner_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(UsageError) as refusal:
        check_name(name)

    assert reason in refusal.value.message
    check_name(str(refusal.value.hint).split("`")[1])


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("secret\0", "a NUL character"),
        ("secret\ud800", "not UTF-8"),
        ("secret" + "x" * LARGEST_VAR, "too long"),
        ("é" * (LARGEST_VAR // 2), "too long"),
    ],
)
def test_a_value_that_cannot_be_passed_is_refused_without_being_shown(
    value: str, complaint: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        check_value("KEY", value)

    assert complaint in refusal.value.message
    assert "secret" not in f"{refusal.value.message}{refusal.value.hint}"


def test_the_longest_value_is_accepted() -> None:
    check_value("KEY", "x" * (LARGEST_VAR - len("KEY=")))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_other_text_is_a_value(value: str) -> None:
    check_value("KEY", value)
