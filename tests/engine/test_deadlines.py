"""Every verb has a deadline, and what is over it ends with a reason."""

import pytest

from pushdeploy.deploy.release_phase import RELEASE_SECONDS
from pushdeploy.deploy.venv import BUILD_SECONDS
from pushdeploy.engine.deadlines import (
    ATTEMPT_SECONDS,
    DAY_SECONDS,
    OF_VERB,
    QUERY_SECONDS,
    of_verb,
)
from pushdeploy.engine.table import PLACES
from pushdeploy.engine.terminal import RUN_SECONDS
from pushdeploy.system.deadline import TooLateError
from pushdeploy.system.locks import WAIT_SECONDS
from tests.engine.caller import Line


def test_every_verb_that_is_named_is_one() -> None:
    assert set(OF_VERB) <= set(PLACES)


@pytest.mark.parametrize("verb", [verb for verb, place in PLACES.items() if place[1] == "ASKING"])
def test_what_only_asks_is_ended_after_a_minute(verb: str) -> None:
    assert of_verb(verb) == QUERY_SECONDS


def test_a_deploy_has_time_for_its_longest_steps_and_a_wait_for_another() -> None:
    assert ATTEMPT_SECONDS > WAIT_SECONDS + 2 * BUILD_SECONDS + 2 * RELEASE_SECONDS
    assert DAY_SECONDS >= RUN_SECONDS


def test_a_verb_that_is_over_its_time_says_so_to_the_caller(line: Line) -> None:
    def late(*_: object) -> None:
        raise TooLateError("`ps` was ended after 60 s, the longest that it may take")

    line.say({"verb": "ps"})
    line.serve({"ps": late})

    assert line.heard()[-1]["error"]["message"].startswith("`ps` was ended after 60 s")
