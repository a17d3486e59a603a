"""Timers: written, changed and removed as what they should be, each step again after a kill."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy.model.cron_job import TimedJob
from pushdeploy.system.schedules import SystemdSchedules

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path("/var/lib/pushdeploy/apps/blog")
DIGEST = TimedJob(
    app="blog",
    name="digest",
    calendar=("*-*-* 03:00:00 UTC",),
    catch_up=True,
    replaces=False,
    script=ROOT / "current/start/cron.digest",
    heartbeat=None,
    home=ROOT / "home",
    shared=ROOT / "shared",
    user="pd-blog",
    runs=ROOT / "cron/digest",
    lock=ROOT / "cron/.digest.lock",
)
CLEAN = replace(DIGEST, name="clean-up")
TIMER, SERVICE = "pushdeploy-blog.cron.digest.timer", "pushdeploy-blog.cron.digest.service"

FAKE = """#!/bin/sh
shift
echo "$*" >>"$LOG"
case $1 in
show) echo "NeedDaemonReload=$RELOAD" ;;
list-units) printf '%s\\n' "$LISTED" ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A systemctl that remembers; returns what it was asked since the last time."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    (programs / "systemctl").write_text(FAKE)
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    monkeypatch.setenv("RELOAD", "no")

    def since() -> list[str]:
        found = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in found if not line.startswith("show")]

    return since


@pytest.fixture
def schedules(tmp_path: Path) -> SystemdSchedules:
    """With empty folders."""
    (tmp_path / "units").mkdir()
    (tmp_path / "stamps").mkdir()
    return SystemdSchedules(tmp_path / "units", tmp_path / "stamps")


def written(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "units").iterdir()}


def test_an_app_without_jobs_asks_nothing(
    schedules: SystemdSchedules, asked: Callable[[], list[str]]
) -> None:
    assert schedules.apply("blog", ()) is False

    assert asked() == []


def test_new_timers_are_written_and_started(
    schedules: SystemdSchedules, asked: Callable[[], list[str]], tmp_path: Path
) -> None:
    assert schedules.apply("blog", [DIGEST]) is True

    assert written(tmp_path) == {TIMER, SERVICE}
    assert asked() == [f"start {TIMER}"]
    assert schedules.apply("blog", [DIGEST]) is False


def test_a_timer_that_changes_is_stopped_first_and_begins_anew(
    schedules: SystemdSchedules,
    asked: Callable[[], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedules.apply("blog", [DIGEST])
    stamp = tmp_path / "stamps" / f"stamp-{TIMER}"
    stamp.touch()
    asked()
    monkeypatch.setenv("RELOAD", "yes")

    schedules.apply("blog", [replace(DIGEST, calendar=("*-*-* 04:00:00 UTC",))])

    assert asked() == [f"stop {TIMER}", "daemon-reload", f"start {TIMER}"]
    assert not stamp.exists()


def test_what_was_killed_before_the_reload_is_reloaded_the_next_time(
    schedules: SystemdSchedules,
    asked: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedules.apply("blog", [DIGEST])
    asked()
    monkeypatch.setenv("RELOAD", "yes")

    assert schedules.apply("blog", [DIGEST]) is False

    assert asked() == ["daemon-reload", f"start {TIMER}"]


def test_a_timer_that_goes_leaves_nothing(
    schedules: SystemdSchedules, asked: Callable[[], list[str]], tmp_path: Path
) -> None:
    schedules.apply("blog", [DIGEST, CLEAN])
    schedules.apply("blog-two", [replace(DIGEST, app="blog-two")])
    other = "pushdeploy-blog_two.cron.digest"
    stale = tmp_path / "stamps" / "stamp-pushdeploy-blog.cron.gone.timer"
    stale.touch()
    asked()

    assert schedules.apply("blog", ()) is True

    assert written(tmp_path) == {f"{other}.timer", f"{other}.service"}
    assert not stale.exists()
    assert asked()[0].startswith("stop ")


def test_the_boot_keeps_when_a_timer_came_last(
    schedules: SystemdSchedules, asked: Callable[[], list[str]], tmp_path: Path
) -> None:
    stamp = tmp_path / "stamps" / f"stamp-{TIMER}"
    stamp.touch()

    schedules.apply("blog", [DIGEST])

    assert stamp.exists()
    assert asked() == [f"start {TIMER}"]


def test_it_is_told_what_runs_by_the_clock_and_by_hand(
    schedules: SystemdSchedules, asked: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "LISTED",
        "pushdeploy-blog.cron.clean_up.service loaded activating start x\n"
        "pushdeploy-blog.cron.slow.replace.service loaded activating start x\n"
        "pushdeploy-blog.cron_run.send_mail.service loaded active running x",
    )

    assert schedules.running("blog") == {"clean-up", "send-mail"}
