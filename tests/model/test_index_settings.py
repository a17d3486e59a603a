"""A build is told where packages come from, and nothing else; what is secret is not printed."""

from __future__ import annotations

import pytest

from pushdeploy.model.index_settings import defining, index_settings, masked, secrets

PRIVATE = "https://ada:s3cr%40t@pypi.example.com/simple"


def test_the_apps_other_config_vars_stay_with_the_app() -> None:
    config = {"SECRET_KEY": "x", "DATABASE_URL": "postgres://x", "UV_INDEX": PRIVATE}

    assert index_settings(config, ["flask"]) == {"UV_INDEX": PRIVATE}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"UV_EXTRA_INDEX_URL": PRIVATE}, {"UV_EXTRA_INDEX_URL": PRIVATE}),
        ({"UV_INDEX_OURS_PASSWORD": "x"}, {"UV_INDEX_OURS_PASSWORD": "x"}),
        ({"POETRY_HTTP_BASIC_OURS_USERNAME": "x"}, {"POETRY_HTTP_BASIC_OURS_USERNAME": "x"}),
        ({"PIP_INDEX_URL": PRIVATE}, {"UV_DEFAULT_INDEX": PRIVATE}),
        ({"PIP_EXTRA_INDEX_URL": PRIVATE}, {"UV_INDEX": PRIVATE}),
        (
            {"PIP_INDEX_URL": "https://a", "UV_DEFAULT_INDEX": "https://b"},
            {"UV_DEFAULT_INDEX": "https://b"},
        ),
    ],
)
def test_what_says_where_packages_come_from_is_told(
    config: dict[str, str], told: dict[str, str]
) -> None:
    assert index_settings(config, []) == told


def test_a_config_var_that_a_list_of_packages_names_is_told() -> None:
    line = "--extra-index-url https://${TOKEN}@pypi.example.com/simple\nflask==${MISSING}\n"

    assert index_settings({"TOKEN": "x", "OTHER": "y"}, [line]) == {"TOKEN": "x"}


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "PATH", "PYTHONPATH", "GIT_SSH_COMMAND", "UV_CACHE_DIR", "HOME", "BASH_ENV"],
)
def test_what_a_program_obeys_is_never_told(name: str) -> None:
    assert index_settings({name: "/evil"}, [f"flask @ file:///${{{name}}}"]) == {}


def test_nothing_secret_is_printed() -> None:
    told = index_settings(
        {"UV_INDEX": PRIVATE, "UV_INDEX_OURS_PASSWORD": "hunter22", "TOKEN": "ghp_abcdef"},
        ["${TOKEN}"],
    )
    hidden = secrets(told)

    line = f"error: {PRIVATE}: 401 s3cr@t hunter22 ghp_abcdef for ada"
    shown = masked(line, hidden)

    assert shown == "error: https://****@pypi.example.com/simple: 401 **** **** **** for ada"


def test_a_short_value_is_no_reason_to_garble_what_is_printed() -> None:
    assert masked("a line", secrets({"TOKEN": "a", "OTHER": ""})) == "a line"


def test_another_index_is_another_venv_and_another_password_is_not() -> None:
    one = defining({"UV_INDEX": PRIVATE, "UV_INDEX_OURS_PASSWORD": "x"})

    assert one == ["UV_INDEX=https://pypi.example.com/simple"]
    assert one == defining({"UV_INDEX": PRIVATE.replace("s3cr%40t", "other")})
    assert one != defining({"UV_INDEX": "https://pypi.example.org/simple"})


def test_channels_of_conda_are_told_without_what_is_secret_in_them() -> None:
    channels = "https://ada:s3cr%40t@conda.example.com/a,https://conda.example.com/t/tok-123/b,ours"

    told = index_settings({"CONDA_CHANNELS": channels}, [])

    assert told == {"CONDA_CHANNELS": channels}
    assert {"s3cr@t", "tok-123"} <= set(secrets(told))
    assert "ours" not in secrets(told)
    assert "s3cr" not in " ".join(defining(told))
