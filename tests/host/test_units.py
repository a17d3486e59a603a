"""What runs: the environment, the sandbox, what systemctl and journalctl show, and a reboot."""

import json
import re
import threading
import time
from http.client import HTTPException

import pytest

from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import TREES, Site, assert_serving, eventually
from tests.host.web import Connection

IDLE_SECONDS = 60.0

PEEK = """\
import json, os, socket
found = {}
def look(name, act):
    try:
        found[name] = str(act())
    except OSError as error:
        found[name] = type(error).__name__
for path in PATHS:
    look(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path).read())
look("engine", lambda: socket.socket(socket.AF_UNIX).connect("/run/pushdeploy/engine.sock"))
print(json.dumps(found))
"""


def test_the_environment_is_what_people_expect(standing: Site) -> None:
    site = standing
    commit = site.laptop.git(site.app, "rev-parse", "HEAD").stdout.strip()

    found = site.environment()

    assert found["PORT"] == str(site.settings["port"])
    assert int(found["WEB_CONCURRENCY"]) >= 1
    assert found["PYTHONUNBUFFERED"] == "1"
    assert found["GIT_REV"] == commit
    assert found["PUSHDEPLOY_RELEASE"] == "v1"
    assert found["PUSHDEPLOY_APP"] == site.name
    assert found["HOME"] == f"{site.root}/home"
    assert found["LANG"] == "C.UTF-8"
    assert not [name for name in found if name.startswith(("SSH_", "GIT_CONFIG", "PUSHDEPLOY_W"))]


def test_the_home_is_the_apps_alone(standing: Site) -> None:
    site = standing

    listed = site.host.run("stat", "-c", "%U %a", f"{site.root}/home").stdout.split()

    assert listed[0] == f"pd-{site.name}"
    assert listed[1] in ("700", "750")


def test_the_app_can_not_write_its_code(standing: Site) -> None:
    site = standing

    answer = site.get("/write")

    assert answer.text == "errno=30 EROFS\n"
    assert not site.host.exists(f"{site.root}/current/code/written.txt")


def test_the_app_sees_nothing_of_others_nor_of_the_engine(site: Site, standing: Site) -> None:
    other = site
    other.deploy("tiny")
    other.cli("config:set SECRET=deep")
    site = standing
    hidden = [
        f"{other.root}/current/environment",
        f"{other.root}/current/code/app.py",
        f"{other.root}/current/venv/pyvenv.cfg",
        f"{other.root}/current/start/web",
        f"{other.root}/repo.git/HEAD",
        f"{other.root}/shared",
        f"{other.root}/home",
        f"{other.root}/attempts.jsonl",
        f"{site.root}/repo.git/HEAD",
        "/etc/pushdeploy",
        "/etc/shadow",
        "/root",
    ]
    script = PEEK.replace("PATHS", repr(hidden))

    found = json.loads(site.cli("run python -", stdin=script).stdout)

    seen = {name: what for name, what in found.items() if not what.endswith("Error")}
    assert seen == {}


def test_the_app_does_not_see_other_processes(standing: Site) -> None:
    site = standing
    script = "import os; print([p for p in os.listdir('/proc') if p.isdigit()])"

    found = site.cli("run python -", stdin=script).stdout

    assert "'1'" not in found.split(",")[0]


def test_the_proxy_reads_static_files_and_nothing_else_of_the_app(site: Site) -> None:
    site.deploy("tiny", {"static/site.css": "body {}\n", "static/deep/a.txt": "a\n"})
    code = f"{site.root}/current/code"

    def readable(path: str) -> bool:
        return site.host.run("cat", path, user="www-data", check=False).returncode == 0

    assert readable(f"{code}/static/site.css")
    assert readable(f"{code}/static/deep/a.txt")
    assert not readable(f"{code}/app.py")
    assert not readable(f"{site.root}/current/environment")


def test_the_sandbox_of_web_is_rated_two_or_better(standing: Site) -> None:
    site = standing

    answer = site.host.run(
        "systemd-analyze", "security", "--no-pager", f"{site.unit}v1.web.service"
    )

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", answer.stdout)
    assert found is not None, answer.stdout
    assert float(found[1]) <= 2.0, answer.stdout


def test_systemctl_and_journalctl_show_the_app_by_its_name(site: Site) -> None:
    site.deploy("worker-jobs")

    status = site.host.run("systemctl", "status", "--no-pager", f"{site.unit}*", check=False).stdout
    journal = site.host.run("journalctl", "--no-pager", "-u", f"{site.unit}*").stdout

    assert f"{site.name} v1: web" in status
    assert f"{site.name} v1: worker" in status
    assert f"{site.name}: 127.0.0.1:{site.settings['port']}" in status
    assert "Booting worker" in journal
    assert "worker started" in journal


def test_no_process_of_ours_runs_when_nobody_asks(fresh_host: Host, fresh_laptop: Laptop) -> None:
    site = Site.new(fresh_host, fresh_laptop, "blog")
    site.deploy("tiny")
    assert_serving(site, version=1)

    eventually(lambda: ours_running(fresh_host), [], seconds=IDLE_SECONDS)

    assert_serving(site, version=1, release="v1")


def ours_running(host: Host) -> list[str]:
    """Command lines of processes that are neither Debian's nor an app's."""
    listed = host.run("ps", "-e", "-o", "user:20=,args=").stdout.splitlines()
    marks = ("/opt/pushdeploy", "pushdeploy.", "socket-proxyd", "systemd-run", "receive-pack")
    return [
        line
        for line in listed
        if any(mark in line for mark in marks) and not line.startswith("pd-blog")
    ]


def test_a_reboot_brings_every_app_back_and_no_request_fails(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    blog = Site.new(fresh_host, fresh_laptop, "blog")
    blog.deploy("worker-jobs")
    slow = Site.new(fresh_host, fresh_laptop, "slow")
    slow.deploy("tiny", {"app.py": "import time; time.sleep(2)\n" + tiny_source()})
    bridged = Site.new(fresh_host, fresh_laptop, "bridged")
    bridged.deploy("port")
    ports = [site.settings["port"] for site in (blog, slow, bridged)]
    fresh_host.run("systemctl", "reboot", check=False)
    fresh_host.container.stopped()
    answers: dict[int, list[str]] = {port: [] for port in ports}
    pollers = []

    fresh_host.pid = fresh_host.container.start()
    for port in ports:
        pollers.append(threading.Thread(target=poll, args=(fresh_host, port, answers[port])))
        pollers[-1].start()
    for poller in pollers:
        poller.join()

    assert {port: set(found) for port, found in answers.items()} == {
        port: {"200"} for port in ports
    }
    eventually(fresh_host.state, "running")
    assert "v1.worker.1.service active" in blog.units()
    failed = fresh_host.run("systemctl", "--failed", "--plain", "--no-legend").stdout
    assert failed == ""


def poll(host: Host, port: int, answers: list[str]) -> None:
    """Ask from the first moment that the port accepts, twenty times."""
    end = time.monotonic() + 60
    while len(answers) < 20 and time.monotonic() < end:
        connection = Connection(host, ("127.0.0.1", port), timeout=30)
        try:
            connection.connect()
        except OSError as error:  # not yet
            if answers:
                answers.append(repr(error))
            time.sleep(0.02)
            continue
        try:
            connection.request("GET", "/")
            answers.append(str(connection.getresponse().status))
        except (OSError, HTTPException) as error:
            answers.append(repr(error))
        finally:
            connection.close()


def tiny_source() -> str:
    """The code of `tiny`."""
    return (TREES / "tiny/app.py").read_text()


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_a_web_process_that_dies_comes_back_by_itself(standing: Site, signal: str) -> None:
    site = standing
    pid, restarts = site.main_pid(), restarts_of_web(site)

    site.host.run("kill", f"-{signal}", pid)

    eventually(lambda: site.main_pid() not in (pid, "0"), wanted=True)
    assert_serving(site, version=1, release="v1")
    assert restarts_of_web(site) > restarts


def restarts_of_web(site: Site) -> int:
    """How often systemd has started it again."""
    return int(site.ask("ps")["instances"][0]["restarts"])
