"""What is logged: an attempt's events as JSON lines, and what the engine's journal keeps."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pushdeploy.events import AttemptEnded, AttemptStarted
from pushdeploy.model.attempt import Outcome
from pushdeploy.system import log
from pushdeploy.system.log import attempt_log

if TYPE_CHECKING:
    from pathlib import Path

STARTED = AttemptStarted(7, "blog", "push", "1" * 40, "ada \udcff é")
ENDED = AttemptEnded(Outcome.LIVE, 0, 1)


def lines(path: Path) -> list[dict[str, object]]:
    """What a log holds."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_event_is_a_line_of_json_at_once(tmp_path: Path) -> None:
    path = tmp_path / "blog" / "7.jsonl"
    report = attempt_log(path, app="blog", attempt=7)

    report(STARTED)

    (line,) = lines(path)
    report(ENDED)  # closes it
    stamp = str(line.pop("timestamp"))
    assert stamp.endswith("Z")
    assert line == {
        "event": "attempt.started",
        "app": "blog",
        "attempt": 7,
        "kind": "push",
        "commit": "1" * 40,
        "who": STARTED.who,
    }


def test_the_end_of_an_attempt_ends_its_log(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    before = len(os.listdir("/proc/self/fd"))
    report = attempt_log(path, app="blog", attempt=1)

    report(ENDED)

    assert [line["event"] for line in lines(path)] == ["attempt.ended"]
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic links"):
        attempt_log(tmp_path / "1.jsonl", app="blog", attempt=1)

    assert not (tmp_path / "elsewhere").exists()


def test_a_note_is_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    log.note("blog", "attempt 3 had been killed")

    assert capsys.readouterr().err == "blog: attempt 3 had been killed\n"


def test_a_bug_is_told_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        {}["a key"]
    except KeyError as error:
        log.bug(error)

    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["pushdeploy itself failed", "Traceback (most recent call last):"]
    assert said[-1] == "KeyError: 'a key'"
