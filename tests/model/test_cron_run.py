"""How runs ended: what the notes of a unit say."""

import pytest

from pushdeploy.model.cron_run import CronRun, ended_record, parse_runs

BEGAN = {"run": "a", "began": 10.0}


def test_a_run_has_a_beginning_and_an_end() -> None:
    end = {"run": "a", "ended": 12.5, "result": "exit-code", "status": "3"}

    assert parse_runs([BEGAN, end]) == [CronRun("a", 10.0, 12.5, "exit-code", "3")]


def test_an_end_without_a_beginning_is_none() -> None:
    assert parse_runs([{"run": "b", "ended": 1.0}, {"other": 1}, BEGAN]) == [CronRun("a", 10.0)]


def test_runs_keep_their_order() -> None:
    records = [BEGAN, {"run": "b", "began": 11.0}, ended_record("a", 12.0, 0)]

    assert [(run.id, run.succeeded) for run in parse_runs(records)] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    ("result", "status", "said"),
    [
        ("success", "0", "ok"),
        ("exit-code", "3", "failed with status 3"),
        ("signal", "TERM", "killed by TERM"),
        ("core-dump", "SEGV", "killed by SEGV"),
        ("timeout", "TERM", "stopped: it ran too long"),
        ("oom-kill", "KILL", "killed: out of memory"),
        ("something-new", "", "something-new"),
    ],
)
def test_an_end_is_said_in_words(result: str, status: str, said: str) -> None:
    assert CronRun("a", 1.0, 2.0, result, status).said(running=False) == said


def test_without_an_end_it_runs_or_was_cut_off() -> None:
    assert CronRun("a", 1.0).said(running=True) == "running"
    assert CronRun("a", 1.0).said(running=False) == "cut off"
