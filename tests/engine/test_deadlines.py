"""Every verb has a deadline, and what is over it ends with a reason."""

import pytest

from pushdeploy.build.venv import BUILD_SECONDS
from pushdeploy.deploy.release_phase import RELEASE_SECONDS
from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, DAY_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import Registry
from pushdeploy.engine.verbs.run import RUN_SECONDS
from pushdeploy.system.locks import WAIT_SECONDS
from pushdeploy.system.own_limits import TooLateError
from tests.engine.caller import Line, only

ASKS = ("apps", "ps", "releases", "releases.info", "releases.output", "rebuild.check", "config")


@pytest.mark.parametrize("verb", ASKS)
def test_what_only_asks_is_ended_after_a_minute(verb: str) -> None:
    assert Registry()[verb].seconds == QUERY_SECONDS


def test_an_attempt_and_nothing_else_keeps_a_log_and_may_take_hours() -> None:
    slow = {one.name for one in Registry().values() if one.seconds == ATTEMPT_SECONDS}

    assert slow == {one.name for one in Registry().values() if one.log}


def test_a_deploy_has_time_for_its_longest_steps_and_a_wait_for_another() -> None:
    assert ATTEMPT_SECONDS > WAIT_SECONDS + 2 * BUILD_SECONDS + 2 * RELEASE_SECONDS
    assert DAY_SECONDS >= RUN_SECONDS


def test_a_verb_that_is_over_its_time_says_so_to_the_caller(line: Line) -> None:
    def late(*_: object) -> None:
        raise TooLateError("`ps` was stopped after 60 s, its time limit")

    line.say({"verb": "ps"})
    line.serve(only("ps", late))

    assert line.heard()[-1]["error"]["message"].startswith("`ps` was stopped after 60 s")
