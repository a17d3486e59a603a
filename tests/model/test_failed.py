"""A line that tells a failure is known by its class, wherever it is told."""

import pytest

from pushdeploy.model.failed import Failed, placed


@pytest.mark.parametrize("where", ["", "blog: "])
def test_what_failed_stays_known_as_failed_with_words_before_it(where: str) -> None:
    found = placed(Failed("there is a user `pd-blog`"), where)

    assert isinstance(found, Failed)
    assert found == f"failed: {where}there is a user `pd-blog`"


def test_what_an_app_has_printed_is_no_failure_of_ours() -> None:
    line = "failed: says the app"

    assert not isinstance(placed(line, ""), Failed)
    assert placed(line, "blog: ") == "blog: failed: says the app"
