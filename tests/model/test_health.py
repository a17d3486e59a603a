"""Which answers count as healthy."""

from __future__ import annotations

import pytest

from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck, Verdict, accepts


@pytest.mark.parametrize(
    ("status", "default", "explicit"),
    [
        (100, Verdict.FAIL, Verdict.FAIL),
        (199, Verdict.FAIL, Verdict.FAIL),
        (200, Verdict.PASS, Verdict.PASS),
        (204, Verdict.PASS, Verdict.PASS),
        (301, Verdict.PASS, Verdict.PASS),
        (399, Verdict.PASS, Verdict.PASS),
        (400, Verdict.FAIL, Verdict.FAIL),
        (401, Verdict.FAIL, Verdict.FAIL),
        (404, Verdict.WARN, Verdict.FAIL),
        (500, Verdict.FAIL, Verdict.FAIL),
        (503, Verdict.FAIL, Verdict.FAIL),
    ],
)
def test_a_missing_front_page_is_only_forgiven_when_no_check_was_written(
    status: int, default: Verdict, explicit: Verdict
) -> None:
    assert accepts(DEFAULT_CHECK, status) is default
    assert accepts(HealthCheck(path="/up"), status) is explicit


def test_the_default_check_asks_for_the_front_page() -> None:
    assert DEFAULT_CHECK.path == "/"
    assert not DEFAULT_CHECK.explicit
