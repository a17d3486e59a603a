"""Logs of what can't print anything: the name is refused, not taken for silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deploy.machine import APP

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine
    from tests.engine.caller import Line

APP_JSON = '{"cron": [{"command": "python report.py", "name": "report", "schedule": "@daily"}]}'


@pytest.mark.parametrize("wanted", ["cron", "cron.report"])
def test_a_job_that_has_not_run_is_not_refused(
    wanted: str, line: Line, machine: FakeMachine
) -> None:
    machine.push("one", app_json=APP_JSON)

    line.say({"verb": "logs", "app": APP, "types": [wanted]})
    line.serve()

    assert all("error" not in one for one in line.heard())


def test_a_job_that_the_app_does_not_have_is_refused(line: Line, machine: FakeMachine) -> None:
    machine.push("one", app_json=APP_JSON)

    error = line.answer({"verb": "logs", "app": APP, "types": ["cron.repotr"]})["error"]

    assert error["exit_code"] == 4
    assert "`blog` has no job `repotr`; it has: report" in str(error)
