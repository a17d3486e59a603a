"""A push to a folder on this machine: live, refused, taken back, and whatever was killed."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system import processes
from tests.embedded.place import Place, Site, eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.embedded


def test_a_first_push_goes_live(site: Site) -> None:
    pushed = site.deploy("tiny")

    assert f"{site.app} v1 is live" in pushed.output
    assert f"http://127.0.0.1:{site.port}" in pushed.output
    site.assert_serving(v=1, release=1)


def test_no_request_is_lost_when_a_second_version_goes_live(site: Site) -> None:
    site.deploy("tiny")
    answers: list[str] = []
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            answers.append(site.read())

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for one in visitors:
        one.start()
    site.deploy("tiny", {"VERSION": "2"})
    eventually(lambda: answers[-1].startswith("v=2"), "the new version is seen")
    stop.set()
    for one in visitors:
        one.join()

    assert {re.sub(r" pid=.*", "", one.strip()) for one in answers} == {
        "v=1 release=v1",
        "v=2 release=v2",
    }


def test_a_broken_version_is_refused_and_the_old_one_serves(site: Site) -> None:
    site.deploy("tiny")
    site.become("exits-at-once")

    pushed = site.push()

    assert pushed.status == 1
    assert "no database is configured" in pushed.output
    assert "exits as soon as it starts" in pushed.output
    site.assert_serving(v=1, release=1)
    eventually(lambda: site.units() == ["web.1 of v1"], "nothing of v2 runs")


def test_a_build_step_fills_the_code_here_too(site: Site) -> None:
    hook = "cp VERSION made.txt && echo hooked"

    pushed = site.deploy("tiny", {"bin/post_compile": hook})

    assert "$ bin/post_compile" in pushed.output
    assert "hooked" in pushed.output
    site.assert_serving(v=1, release=1)
    (made,) = site.place.root.rglob("slugs/*/made.txt")
    assert made.read_text() == "1\n"


def test_a_schedule_is_said_to_need_systemd_and_its_jobs_run_by_hand(site: Site) -> None:
    job = {"command": "echo of $(cat VERSION)", "name": "tell", "schedule": "* * * * *"}

    pushed = site.deploy("tiny", {"app.json": json.dumps({"cron": [job]})})
    ran = site.pushdeploy("cron:run", "tell")

    assert "only systemd runs scheduled jobs" in pushed.output
    assert (ran.status, ran.output) == (0, "of 1\n")
    listed = site.pushdeploy("cron").output
    assert "Every minute (* * * * *, UTC)" in listed
    assert "No job runs by itself: only systemd" in listed
    assert listed.count(", ok") == 1


def test_a_rollback_takes_the_last_version_back(site: Site) -> None:
    site.deploy("tiny")
    site.deploy("tiny", {"VERSION": "2"})

    rolled = site.pushdeploy("rollback")

    assert rolled.status == 0
    assert "v1 is live again" in rolled.output
    site.assert_serving(v=1, release=1)


def test_what_a_push_is_told_without_an_attempt_it_is_told_once(site: Site) -> None:
    site.deploy("tiny")
    site.deploy("tiny", {"VERSION": "2"})
    site.pushdeploy("rollback")
    site.git("push", "--force", "production", "main~1:main")

    pushed = site.push()

    assert pushed.status == 0
    assert pushed.output.count("and then rolled back") == 1, pushed.output
    site.assert_serving(v=1, release=1)


@pytest.mark.parametrize("tree", ["port", "uvicorn", "waitress"])
def test_by_a_socket_or_by_a_port_the_app_is_reached(site: Site, tree: str) -> None:
    site.deploy(tree)
    site.deploy(tree, {"note.txt": "another tree"})

    assert site.read()
    assert "PORT" not in site.pushdeploy("config").output


def test_workers_run_the_live_release_alone(site: Site) -> None:
    site.deploy("worker-jobs")

    site.deploy("worker-jobs", {"note.txt": "another tree"})

    assert "worker.1 of v2" in site.units()
    assert "worker.1 of v1" not in site.units()


def test_the_old_release_ends_when_its_warm_time_is_over(site: Site) -> None:
    site.deploy("tiny")
    site.records.change_settings(lambda settings: replace(settings, warm=2))

    site.deploy("tiny", {"VERSION": "2"})

    eventually(lambda: site.units() == ["web.1 of v2"], "somebody woke up and stopped v1")
    site.assert_serving(v=2, release=2)


def test_a_change_of_a_config_var_is_a_release(site: Site) -> None:
    site.deploy("tiny")
    value = 'it\'s 100% "odd"; # $HOME'

    done = site.pushdeploy("config:set", f"ODD={value}")

    assert done.status == 0
    site.assert_serving(v=1, release=2)
    assert site.pushdeploy("config:get", "ODD").output.rstrip("\n") == value


def test_a_one_off_runs_with_the_release_s_code_and_its_status_is_ours(site: Site) -> None:
    site.deploy("tiny")

    done = site.pushdeploy("run", "cat VERSION; echo $PUSHDEPLOY_RELEASE; exit 3")

    assert (done.status, done.output.split()) == (3, ["1", "v1"])


def test_a_one_off_behind_a_pipe_never_holds_the_caller_s_terminal(site: Site) -> None:
    site.deploy("tiny")
    screen, terminal = pty.openpty()
    line = "readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 >&2; cat; exit 3"

    child = site.start_pushdeploy("run", line, stdin=subprocess.PIPE, output=terminal)
    os.close(terminal)
    child.communicate(b"typed\n", timeout=60)

    shown = b""
    with contextlib.suppress(OSError):  # the last user has gone (pty(7))
        while part := os.read(screen, 4096):
            shown += part
    os.close(screen)
    words = shown.decode().split()
    assert child.returncode == 3
    assert words[3:] == ["typed"]
    assert all(word.startswith("pipe:") for word in words[:3])


def test_the_log_shows_what_the_app_printed(site: Site) -> None:
    site.deploy("worker-jobs")

    eventually(lambda: "Listening at" in site.pushdeploy("logs", "-p", "web").output, "a line")

    assert "app[web.1]" in site.pushdeploy("logs").output


def test_a_killed_engine_holds_nothing_up(site: Site) -> None:
    site.deploy("tiny")
    site.become("slow-boot", {"VERSION": "2"})
    push = site.start_push()
    eventually(lambda: "web.1 of v2" in site.units(), "v2 starts")

    processes.kill_marked("PUSHDEPLOY_HOME", str(site.place.root))
    push.wait()
    site.assert_serving(v=1, release=1)
    site.become("tiny", {"VERSION": "3"})
    pushed = site.push()

    assert pushed.status == 0, pushed.output
    assert site.read().startswith("v=3")
    eventually(lambda: "web.1 of v2" not in site.units(), "v2 is stopped")


def test_reconcile_starts_again_what_a_killed_supervisord_ran(tmp_path: Path) -> None:
    place = Place.new(tmp_path / "server")
    site = place.site()
    try:
        site.deploy("worker-jobs")
        daemon = int((place.layout.run / "supervisord" / "supervisord.pid").read_text())

        os.kill(daemon, signal.SIGKILL)
        eventually(lambda: not processes.alive(daemon), "supervisord is gone")
        reconciled = site.pushdeploy("reconcile")

        assert reconciled.status == 0, reconciled.output
        assert site.read()
        assert site.units() == ["web.1 of v1", "worker.1 of v1"]
        assert "as it should be" in site.pushdeploy("reconcile").output
    finally:
        place.stop()


def test_a_destroyed_app_leaves_nothing(site: Site) -> None:
    site.deploy("worker-jobs")
    layout = site.place.layout.app(site.app)

    done = site.pushdeploy("apps:destroy", "--confirm", site.app)

    assert done.status == 0, done.output
    assert not any(path.exists() for path in (layout.root, layout.run, layout.log))
    assert site.units() == []
    assert site.app not in site.place.supervisor.fronts()
