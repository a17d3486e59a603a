"""What runs by the clock: by real timers, through deploys, a rollback and a reboot."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_cli_refused, assert_refused, eventually, said

EVERY_MINUTE = 75.0
"""Seconds until the clock has come to a minute, and some."""

BEATS = "/run/beats"
PORT = 18090
LISTENER = f"""
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open({BEATS!r}, "a") as file:
            print(self.path, file=file)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", {PORT}), Handler).serve_forever()
"""

TICK = {"name": "tick", "command": 'echo "tick of $(cat VERSION)"', "schedule": "* * * * *"}
REPORT = {
    "name": "report",
    "command": 'echo "it\'s 100% $GREETING of $(cat VERSION)"; touch written; exit 3',
    "schedule": "30 3 * * *",
    "timezone": "Europe/Berlin",
    "heartbeat": "$BEAT_URL",
}
MISSED = {"name": "missed", "command": "echo caught up", "schedule": "@daily", "catch_up": True}
LATE = {"name": "late", "command": "echo late", "schedule": "@daily"}
SLOW = {
    "name": "slow",
    "command": "echo begun; sleep 300",
    "schedule": "@yearly",
    "concurrency_policy": "replace",
}


def app_json(*jobs: dict[str, Any]) -> dict[str, str]:
    return {"app.json": json.dumps({"cron": jobs})}


@pytest.fixture(scope="module")
def site(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with five jobs, of which one runs each minute."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop"), installed.key)
    host.run("systemd-run", "--unit=beats", "--collect", "/usr/bin/python3", "-c", LISTENER)
    made = Site.new(host, laptop)
    made.become("tiny", {"VERSION": "1\n", **app_json(TICK, REPORT, MISSED, LATE, SLOW)})
    push = made.push()
    assert push.exit_status == 0, push.output
    assert "Scheduled jobs: tick, report, missed, late, slow" in push.output
    yield made
    made.destroy()
    host.run("systemctl", "stop", "beats", check=False)  # a reboot has ended it
    assert not any("cron" in unit for unit in made.units())
    assert host.run("ls", "/run/systemd/system").stdout.count(f"{made.unit}cron") == 0


def due(site: Site, name: str) -> None:
    """As when its time has come."""
    unit = f"{site.unit}cron.{name}.service"
    site.host.run("systemctl", "start", unit, check=False)


def last(site: Site, name: str) -> dict[str, Any]:
    found: dict[str, Any] = site.ask(f"cron:runs {name}")[0]
    return found


def timers(site: Site) -> list[str]:
    """The jobs that systemd has timers of, and which run."""
    found = [unit.split(".timer")[0] for unit in site.units() if ".timer active" in unit]
    return sorted(name.removeprefix("cron.") for name in found if name.startswith("cron."))


def output(site: Site, name: str) -> list[str]:
    shown = site.cli(f"logs -p cron.{name}").stdout.splitlines()
    return [line.partition(": ")[2] for line in shown]


def test_a_job_runs_as_the_app_and_how_it_ended_is_told(site: Site) -> None:
    site.cli(f"config:set GREETING=fine BEAT_URL=http://127.0.0.1:{PORT}/ping/1?a=b")

    due(site, "report")

    assert (last(site, "report")["ok"], last(site, "report")["result"]) == (
        False,
        "failed with status 3",
    )
    eventually(
        lambda: output(site, "report"),
        wanted=["it's 100% fine of 1", "touch: cannot touch 'written': Read-only file system"],
    )
    assert site.host.read(BEATS).split() == ["/ping/1/start?a=b", "/ping/1/fail?a=b"]


def test_a_heartbeat_that_is_not_heard_fails_no_job(site: Site) -> None:
    site.cli("config:set BEAT_URL=http://127.0.0.1:9/")

    due(site, "report")

    assert last(site, "report")["result"] == "failed with status 3"
    assert "Connection refused" in " ".join(output(site, "report"))


def test_it_is_run_by_hand_with_its_output_and_status(site: Site) -> None:
    ran = site.cli("cron:run 2", check=False)

    assert ran.returncode == 3
    assert "it's 100% fine of 1" in ran.stdout
    assert last(site, "report")["result"] == "failed with status 3"


def test_a_run_is_replaced_and_never_doubled_by_hand(site: Site) -> None:
    replace = f"{site.unit}cron.slow.replace.service"
    site.host.run("systemctl", "start", replace)
    eventually(lambda: output(site, "slow"), wanted=["begun"])

    refused = site.cli("cron:run slow", check=False)
    site.host.run("systemctl", "start", replace)

    assert refused.returncode == 6
    assert "`slow` is running" in refused.stderr
    eventually(lambda: output(site, "slow"), wanted=["begun", "begun"])
    runs = site.ask("cron:runs slow")
    assert [run["result"] for run in runs] == ["running", "killed by TERM"]
    site.host.run("systemctl", "stop", f"{site.unit}cron.slow.service")


def test_what_runs_by_hand_is_not_run_by_the_clock_too(site: Site) -> None:
    before = site.ask("cron:runs report")
    by_hand = f"{site.unit}cron_run.report"
    site.host.run("systemd-run", f"--unit={by_hand}", "/bin/sleep", "600")

    due(site, "report")

    assert site.ask("cron:runs report") == before
    assert site.ask("cron")[1]["running"] is True
    site.host.run("systemctl", "stop", by_hand)


def test_who_begins_by_hand_in_the_same_instant_keeps_the_timer_out(site: Site) -> None:
    before = site.ask("cron:runs report")
    lock = f"{site.root}/cron/.report.lock"
    by_hand = site.host.start("flock", lock, "sleep", "60")
    eventually(lambda: site.host.exists(lock), wanted=True)

    due(site, "report")
    meanwhile = site.ask("cron:runs report")
    refused = site.cli("cron:run report", check=False)
    processes.end(by_hand)
    site.host.run("sh", "-c", f"while ! flock -n {lock} true; do sleep 0.1; done")
    due(site, "report")

    assert meanwhile == before
    assert_cli_refused(refused, 6, "`report` is running")
    eventually(lambda: len(site.ask("cron:runs report")) == len(before) + 1, wanted=True)


def test_the_list_tells_the_words_and_the_next_times(site: Site) -> None:
    shown = site.cli("cron").stdout

    assert "2  report: echo" in shown
    assert "At 03:30 every day (30 3 * * *, Europe/Berlin)" in shown
    assert shown.count(" 03:30, ") == 2


def test_a_bad_line_is_refused_before_anything_is_built(site: Site) -> None:
    before = site.attempts
    site.change(app_json(TICK, {**REPORT, "schedule": "30 25 * * *"}))

    push = site.push()

    assert_refused(push, "`cron[1].schedule`", "its hour (0-23) is wrong")
    assert site.attempts == before
    site.laptop.git(site.app, "reset", "-q", "--hard", "HEAD~1")


def test_the_schedule_follows_a_deploy_and_a_rollback(site: Site) -> None:
    live = site.current
    site.change({"VERSION": "2\n", **app_json(TICK, {**REPORT, "schedule": "0 4 * * *"})})
    push = site.push()
    assert "       Scheduled jobs: tick, report" in said(push)
    assert timers(site) == ["report", "tick"]
    due(site, "report")
    assert "it's 100% fine of 2" in output(site, "report")[-4:]

    site.cli(f"rollback {live}")

    assert timers(site) == ["late", "missed", "report", "slow", "tick"]
    due(site, "report")
    assert "it's 100% fine of 1" in output(site, "report")[-4:]


def test_the_clock_runs_it(site: Site) -> None:
    eventually(lambda: last_of(site, "tick"), wanted="ok", seconds=EVERY_MINUTE)

    assert set(output(site, "tick")) <= {"tick of 1", "tick of 2"}


def last_of(site: Site, name: str) -> str:
    """How it ended last; nothing while it has never run."""
    runs = site.ask(f"cron:runs {name}")
    return runs[0]["result"] if runs else ""


def test_what_is_suspended_stays_so_and_what_was_missed_is_caught_up(site: Site) -> None:
    assert site.cli("cron:suspend tick").returncode == 0
    assert timers(site) == ["late", "missed", "report", "slow"]
    site.change({"VERSION": "3\n"})
    site.laptop.commit(site.app, app_json(TICK, REPORT, MISSED, LATE), "Third")
    assert site.push().exit_status == 0
    assert timers(site) == ["late", "missed", "report"]
    stamp = f"/var/lib/systemd/timers/stamp-{site.unit}cron.missed.timer"
    site.host.run("touch", "-d", "2 days ago", stamp)

    site.host.reboot()

    eventually(lambda: last_of(site, "missed"), wanted="ok")
    assert timers(site) == ["late", "missed", "report"]
    assert site.ask("cron:runs late") == []
    site.cli("cron:resume tick")
    assert timers(site) == ["late", "missed", "report", "tick"]


def test_a_timer_that_somebody_stopped_is_started_again(site: Site) -> None:
    site.host.run("systemctl", "stop", f"{site.unit}cron.report.timer")

    site.host.run("pushdeploy", "reconcile")

    assert "report" in timers(site)
