"""What to do after a failure fits what made the release."""

from __future__ import annotations

import pytest

from pushdeploy.model.next_step import next_step
from pushdeploy.model.release import Kind


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_change_has_a_step_of_its_own(kind: Kind) -> None:
    others = {next_step(other, "blog") for other in Kind if other is not kind}

    assert next_step(kind, "blog") not in others


@pytest.mark.parametrize("kind", Kind)
def test_a_cure_of_the_code_is_said_where_code_or_nothing_was_changed(kind: Kind) -> None:
    said = next_step(kind, "blog", "fix the web line")

    assert (said == "fix the web line") == (kind in (Kind.DEPLOY, Kind.RESTART, Kind.REBUILD))


def test_after_a_restart_nobody_is_told_to_make_a_different_change() -> None:
    said = next_step(Kind.RESTART, "blog")

    assert said == "fix what the app misses, then: pushdeploy restart --app blog"
