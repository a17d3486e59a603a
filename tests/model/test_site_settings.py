"""What may be set of a site: a few names, each with its type."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.site_settings import SETTINGS, SiteSettings

VALUE = re.compile(r"[0-9]+s?|on|off")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("client-max-body-size", "20m", "20971520"),
        ("client-max-body-size", "1k", "1024"),
        ("client-max-body-size", "10g", "10737418240"),
        ("proxy-read-timeout", "120s", "120s"),
        ("proxy-read-timeout", "120", "120s"),
        ("proxy-buffering", "off", "off"),
    ],
)
def test_a_value_is_written_as_nginx_wants_it(name: str, text: str, value: str) -> None:
    settings = SiteSettings().with_value(name, text)

    assert settings.values == {name: value}
    assert (SETTINGS[name].directive, value) in settings.directives()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("client-max-body-size", "0"),
        ("client-max-body-size", "-1"),
        ("client-max-body-size", "11g"),
        ("client-max-body-size", "1x"),
        ("client-max-body-size", "1;"),
        ("client-max-body-size", ""),
        ("proxy-read-timeout", "0s"),
        ("proxy-read-timeout", "1m"),
        ("proxy-read-timeout", "60s;"),
        ("proxy-read-timeout", "60s\n"),
        ("proxy-read-timeout", "123456"),
        ("proxy-read-timeout", "\uff16\uff10"),
        ("proxy-buffering", "ON"),
        ("proxy-buffering", "off; return 200"),
    ],
)
def test_a_value_of_another_form_is_refused(name: str, text: str) -> None:
    with pytest.raises(PushdeployError):
        SiteSettings().with_value(name, text)


def test_a_name_that_is_unknown_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"`return` can't be set; .*client-max-body-size"):
        SiteSettings().with_value("return", "200")
    with pytest.raises(UsageError):
        SiteSettings().without("return")


def test_without_a_value_the_default_counts() -> None:
    settings = SiteSettings({"send-timeout": "31s"})

    after = settings.without("send-timeout")

    assert after == SiteSettings()
    assert ("send_timeout", "30s") in after.directives()
    assert settings.values == {"send-timeout": "31s"}


def test_every_default_is_a_value_of_its_own_type() -> None:
    for one in SETTINGS.values():
        assert one.parse(one.default) == one.default


@given(st.sampled_from(sorted(SETTINGS)), st.text())
def test_whatever_is_typed_nginx_reads_a_number_or_a_switch(name: str, text: str) -> None:
    try:
        settings = SiteSettings().with_value(name, text)
    except PushdeployError:
        return

    assert all(VALUE.fullmatch(value) for _, value in settings.directives())
