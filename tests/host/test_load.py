"""While an app is deployed, rolled back, changed and killed, its visitors notice nothing."""

import sys
from collections.abc import Iterator
from itertools import count

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.jobs import beside_one_another, jobs, lives, under_way
from tests.host.laptop import Laptop
from tests.host.story import TREES, Site, assert_serving, eventually
from tests.host.visitors import BODY, MIXED, Visit, visitors, wait_until_held
from tests.tiers import rounds

ROUNDS = rounds(10, slow=100)
JOB_ROUNDS = rounds(5, slow=100)
HELD = 1000
PLAIN_PORT = 8990

# How an app is often run by hand: it listens itself, and a deploy restarts it.
PLAIN = """\
[Service]
User=pd-{app}
WorkingDirectory={root}/current/code
ExecStart={root}/current/venv/bin/gunicorn --threads 8 -b 127.0.0.1:{port} app:app
"""

versions = count(2)


@pytest.fixture(scope="module")
def tiny(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app `tiny`, live; each test pushes further versions of it."""
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    site.deploy("tiny")
    yield site
    site.destroy()


def assert_none_lost(visit: Visit, *, at_least: int) -> None:
    """Every request was answered whole and well, and there were many."""
    assert visit.errors == [], visit.figures
    assert visit.requests >= at_least, visit.figures


def test_the_client_sees_what_a_plain_restart_loses(tiny: Site) -> None:
    unit = PLAIN.format(app=tiny.name, root=tiny.root, port=PLAIN_PORT)
    tiny.host.write("/run/systemd/system/plain.service", unit)
    tiny.host.run("systemctl", "start", "plain.service")
    url = f"http://127.0.0.1:{PLAIN_PORT}/"
    eventually(lambda: tiny.host.run("curl", "-sf", url, check=False).returncode, 0)

    with visitors(tiny.host, url, *MIXED, r"--body-regex=v=\d+ release= pid=\d+\n") as visit:
        tiny.host.run("sleep", "1")
        tiny.host.run("systemctl", "restart", "plain.service")
        eventually(lambda: tiny.host.run("curl", "-sf", url, check=False).returncode, 0)

    tiny.host.run("systemctl", "stop", "plain.service")
    tiny.host.run("rm", "/run/systemd/system/plain.service")
    assert visit.errors, visit.figures


def test_deploys_lose_no_request(tiny: Site) -> None:
    with visitors(tiny.host, tiny.url, *MIXED) as visit:
        for _ in range(ROUNDS):
            version = next(versions)
            tiny.deploy_version(version)
            assert_serving(tiny, version=version)

    assert_none_lost(visit, at_least=ROUNDS * 50)
    assert len(visit.releases) >= ROUNDS


def test_rollbacks_lose_no_request(tiny: Site) -> None:
    tiny.deploy_version(next(versions))
    older, newer = tiny.releases_on_disk()[-2:]

    with visitors(tiny.host, tiny.url, *MIXED) as visit:
        for number in range(ROUNDS):
            target = newer if number % 2 else older
            tiny.cli(f"rollback {target}")
            assert tiny.current == target

    assert_none_lost(visit, at_least=ROUNDS * 20)
    assert set(visit.releases) == {older, newer}


def test_changes_of_config_scale_and_a_restart_lose_no_request(tiny: Site) -> None:
    before = tiny.current

    with visitors(tiny.host, tiny.url, *MIXED) as visit:
        tiny.cli("restart")
        tiny.cli("config:set COLOUR=blue")
        tiny.cli("ps:scale web=2")
        tiny.cli("config:unset COLOUR")

    assert_none_lost(visit, at_least=100)
    assert before in visit.releases
    assert tiny.current in visit.releases
    assert tiny.environment()["WEB_CONCURRENCY"] == "2"
    assert "COLOUR" not in tiny.environment()


def test_a_thousand_held_connections_do_not_stop_a_deploy(site: Site) -> None:
    site.deploy("uvicorn")  # gunicorn's threads would each wait for a silent connection
    alone = ("--rate=50", "--fresh=25", f"--hold={HELD}", BODY)

    with visitors(site.host, site.url, *alone) as visit:
        wait_until_held(site.host, site.settings["port"], HELD)
        site.change({"README.md": "Another release.\n"})
        push = site.push()
        assert push.exit_status == 0, push.output

    assert_none_lost(visit, at_least=50)
    assert visit.report["connections"]["held"] == HELD
    assert visit.report["connections"]["held_closed"] == 0
    assert visit.releases == ["v1", "v2"]


def test_a_web_process_that_is_killed_comes_back(tiny: Site) -> None:
    tiny.cli("ps:scale web=1")
    before = tiny.main_pid()

    with visitors(tiny.host, tiny.url, "--rate=0", "--fresh=25") as visit:
        tiny.host.run("sleep", "1")
        tiny.host.run("kill", "-KILL", before)
        eventually(lambda: tiny.main_pid() not in ("0", before), wanted=True)
        tiny.host.run("sleep", "1")

    # What the process held is lost; whoever comes while there is none waits in the socket's queue.
    assert [one for one in visit.errors if one["outcome"] == "refused"] == [], visit.figures
    assert len(visit.errors) <= 2, visit.figures
    assert tiny.get("/").status == 200


def test_deploys_and_rollbacks_lose_no_job_of_the_workers_and_none_runs_twice(site: Site) -> None:
    site.deploy("worker-jobs")
    site.cli("ps:scale worker=2")

    with jobs(site) as queue:
        for number in range(JOB_ROUNDS):
            site.change({"README.md": f"{number}\n"})
            push = site.push()
            assert push.exit_status == 0, push.output
            site.cli("rollback")

    runs = lives(site)
    assert (queue.lost, queue.twice, beside_one_another(runs)) == ([], [], [])
    assert len(runs) == 1 + 2 * (1 + 2 * JOB_ROUNDS)
    assert queue.given >= JOB_ROUNDS * 5
    assert len(queue.releases) >= JOB_ROUNDS
    sys.stderr.write(f"{queue.given} jobs, by {len(queue.releases)} releases\n")


def test_a_job_that_a_worker_drops_at_its_end_is_seen(site: Site) -> None:
    source = (TREES / "worker-jobs/worker.py").read_text()
    hasty = source.replace("signal.signal(signal.SIGTERM, lambda *_: stop.set())\n", "")
    hasty = hasty.replace("time.sleep(", "time.sleep(0.25 + ")  # one is nearly always under way
    assert ("signal.signal" in hasty, hasty.count("0.25 + ")) == (False, 1)
    site.deploy("worker-jobs", {"worker.py": hasty})

    with jobs(site) as queue:
        eventually(lambda: under_way(site) != [], wanted=True)
        for number in range(6):
            site.change({"README.md": f"{number}\n"})
            site.push()

    assert queue.lost != []
