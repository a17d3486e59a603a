"""The commands, over ssh as a person types them: scale, restart, storage, apps, keys, logs."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.host import processes
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import (
    Site,
    assert_cli_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)

KEEPS = {
    "app.py": (
        "import os\n"
        "os.makedirs('data', exist_ok=True)\n"
        "open('data/visits', 'a').write('x')\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [open('data/visits', 'rb').read()]\n"
    ),
    "requirements.txt": "gunicorn\n",
    "Procfile": "web: gunicorn -w 1 app:app\n",
}


# ps, ps:scale, restart


def test_ps_shows_each_instance(site: Site) -> None:
    site.deploy("worker-jobs")

    shown = site.cli("ps").stdout

    assert re.search(r"^=== web \(\d+ workers?\): gunicorn app:app$", shown, re.MULTILINE)
    assert re.search(
        r"^web\.1: up for \d+s, v1, cpu \d+%, \d+ MB, 0 restarts$", shown, re.MULTILINE
    )
    assert re.search(r"^worker\.1: up for \d+s, v1, ", shown, re.MULTILINE)


def test_scaling_web_sets_the_workers_of_gunicorn(site: Site) -> None:
    site.deploy("tiny")

    answer = site.cli("ps:scale web=4")

    assert f"Scaling web=4 and restarting {site.name}... done, v2" in answer.stderr
    assert site.environment()["WEB_CONCURRENCY"] == "4"
    eventually(lambda: children(site), 4)  # gunicorn answers before all its workers are there
    assert site.cli("ps:scale").stdout == "web=4\n"


def test_scaling_a_worker_runs_more_of_it(site: Site) -> None:
    site.deploy("worker-jobs")

    site.cli("ps:scale worker=2")

    eventually(lambda: running(site), ["web.1", "worker.1", "worker.2"])
    site.cli("ps:scale worker=0")
    eventually(lambda: running(site), ["web.1"])


def test_what_was_scaled_stays_so_after_a_push_and_a_rollback(site: Site) -> None:
    site.deploy("worker-jobs")
    site.cli("ps:scale worker=2")
    site.change({"README.md": "again\n"})

    site.push()

    eventually(lambda: running(site), ["web.1", "worker.1", "worker.2"])
    site.cli("rollback")
    eventually(lambda: running(site), ["web.1", "worker.1", "worker.2"])


def test_scaling_what_the_procfile_does_not_have_is_refused(standing: Site) -> None:
    site = standing
    before = snapshot(site)

    assert_cli_refused(site.cli("ps:scale wroker=2", check=False), 4, "has no `wroker`")
    assert_cli_refused(site.cli("ps:scale web=-1", check=False), 2)
    assert_cli_refused(site.cli("ps:scale web=many", check=False), 2)
    assert_unchanged(site, before)


def test_a_restart_is_a_new_release_of_the_same_code(site: Site) -> None:
    site.deploy("tiny")
    pid = site.main_pid()

    answer = site.cli("restart")

    assert answer.returncode == 0
    assert_serving(site, version=1, release="v2")
    assert site.main_pid() != pid


def running(site: Site) -> list[str]:
    """Instances of the live release that are up."""
    found = site.ask("ps")["instances"]
    return [one["instance"] for one in found if one["state"] == "up" and not one["warm"]]


def children(site: Site) -> int:
    """Child processes of the web process."""
    listed = site.host.run("ps", "--ppid", site.main_pid(), "-o", "pid=")
    return len(listed.stdout.split())


# storage


def test_an_app_that_writes_beside_its_code_works_after_the_command_that_it_is_told(
    site: Site,
) -> None:
    site.become("tiny", KEEPS)
    refused = site.push()
    site.cli("storage:add data/")

    again = site.push()
    first = site.get("/").text
    site.change({"README.md": "again\n"})
    site.push()

    assert refused.exit_status != 0
    assert f"storage:add data/ --app {site.name}" in refused.output
    assert again.exit_status == 0, again.output
    assert first.startswith("x")
    assert len(site.get("/").text) > len(first)
    assert site.ask("storage")["storage"] == ["data"]


def test_a_file_can_not_be_storage_by_the_command_or_by_app_json(standing: Site) -> None:
    site = standing
    before = snapshot(site)

    answer = site.cli("storage:add db.sqlite3", check=False)
    site.change({"app.json": '{"pushdeploy": {"storage": ["data/app.db"]}}'})
    push = site.push()
    site.change({"app.json": "{}"})

    assert_cli_refused(answer, 3, " storage:add instance/")
    assert "SQLite writes `db.sqlite3-journal` beside it" in " ".join(answer.stderr.split())
    assert push.exit_status != 0
    assert f" storage:add --app {site.name} data/" in push.output
    assert_unchanged(site, before)
    assert site.ask("storage")["storage"] == []
    assert not site.host.exists(f"{site.root}/shared/db.sqlite3")

    user = f"pd-{site.name}"
    site.host.run("sh", "-c", f"echo x > {site.root}/shared/taken", user=user)
    taken = site.cli("storage:add taken", check=False)
    assert taken.returncode != 0
    assert "storage can't be created" in " ".join(taken.stderr.split())
    assert_unchanged(site, before)


def test_a_folder_that_git_tracks_can_not_be_storage(site: Site) -> None:
    site.deploy("tiny", {"data/kept.txt": "kept\n"})
    before = snapshot(site)

    answer = site.cli("storage:add data/", check=False)

    assert answer.returncode != 0
    assert "`data` is storage, and git tracks" in re.sub(r"\s*\n !\s+", " ", answer.stderr)
    assert_unchanged(site, before)
    assert site.ask("storage")["storage"] == []


@pytest.mark.parametrize("folder", ["../x", "/etc", ".", "a/../../b", ".git", "a b\n"])
def test_a_folder_outside_of_the_code_can_not_be_storage(standing: Site, folder: str) -> None:
    site = standing
    before = snapshot(site)

    answer = site.cli(f"storage:add '{folder}'", check=False)

    assert answer.returncode in (2, 3), answer.stderr
    assert_unchanged(site, before)
    assert site.ask("storage")["storage"] == []


# apps


def test_an_app_is_made_before_its_push_and_told_where_to_push(site: Site) -> None:
    answer = site.laptop.ssh(f"apps:create {site.name} --port 8123")

    assert f"Creating {site.name}... done, on port 8123" in answer.stderr
    assert answer.stdout.startswith("git remote add production deploy@")
    site.deploy("tiny")
    assert site.url == "http://127.0.0.1:8123"
    assert_serving(site, version=1, release="v1")
    again = site.laptop.ssh(f"apps:create {site.name}")
    assert (again.returncode, "it existed already" in again.stderr) == (0, True)


def test_a_port_that_somebody_has_is_refused(new_site: Callable[[], Site]) -> None:
    first, second = new_site(), new_site()
    first.deploy("tiny")

    ours = second.laptop.ssh(f"apps:create {second.name} --port {first.settings['port']}")
    foreign = second.laptop.ssh(f"apps:create {second.name} --port 22")

    assert_cli_refused(ours, 2, f"belongs to the app `{first.name}`")
    assert_cli_refused(foreign, 69, "port 22 is taken by `ssh")
    assert not second.host.exists(second.root)
    assert_serving(first, version=1, release="v1")


# keys


def test_a_key_that_is_added_pushes_and_one_that_is_removed_does_not(
    site: Site, host: Host, tmp_path: Path
) -> None:
    site.deploy("tiny")
    bob = Laptop(host, tmp_path / "bob")
    his = Site(host, bob, site.app)
    stranger = his.push()

    added = site.laptop.ssh("keys:add bob -", stdin=bob.public_key)
    site.change({"VERSION": "2\n"})
    pushed = his.push()
    listed = json.loads(site.laptop.ssh("keys --json").stdout)
    own = bob.ssh("keys:remove bob")
    removed = site.laptop.ssh("keys:remove bob")
    site.change({"VERSION": "3\n"})
    refused = his.push()

    assert "Permission denied" in stranger.output
    assert added.returncode == 0, added.stderr
    assert pushed.exit_status == 0, pushed.output
    assert "bob" in [one["name"] for one in listed]
    assert_cli_refused(own, 2, "`bob` is the key you are using now", "--confirm bob")
    assert removed.returncode == 0, removed.stderr
    assert "Permission denied" in refused.output
    assert_serving(site, version=2, release="v2")
    assert site.ask("releases")["releases"][0]["who"] == "bob"


def test_what_is_no_key_is_refused(site: Site) -> None:
    before = site.laptop.ssh("keys --json").stdout

    for text in (
        "",
        "no key\n",
        'command="id" ssh-ed25519 AAAA x\n',
        "ssh-ed25519 AAAA\nssh-rsa B\n",
    ):
        answer = site.laptop.ssh("keys:add eve -", stdin=text)
        assert answer.returncode in (2, 3), (text, answer.stderr)
        assert "Traceback" not in answer.stderr
    assert site.laptop.ssh("keys --json").stdout == before


# logs


def test_logs_show_the_last_lines_of_all_or_one_process_type(site: Site) -> None:
    site.deploy("worker-jobs")

    everything = site.cli("logs").stdout
    workers = site.cli("logs -p worker").stdout
    last = site.cli("logs -n 1").stdout

    assert "worker started" in everything
    assert "Booting worker" in everything
    assert "worker started" in workers
    assert "Booting worker" not in workers
    assert len(last.splitlines()) == 1


def test_logs_follow_what_is_printed_from_now_on(site: Site) -> None:
    site.deploy("worker-jobs")
    folder = f"{site.root}/shared/instance"
    argv = site.laptop.ssh_argv(command=f"logs --app {site.name} -t -n 1 -p worker")
    follower = processes.start(argv, env=site.laptop.environment)
    assert follower.stdout is not None
    processes.read_until(follower.stdout.fileno(), "worker started")

    make = f"touch {folder}/queue/job-77"
    site.host.run("sh", "-c", make, user=f"pd-{site.name}")
    processes.read_until(follower.stdout.fileno(), "done job-77")
    processes.end(follower)

    eventually(
        lambda: "journalctl" in site.host.run("ps", "-e", "-o", "args=").stdout, wanted=False
    )


# all


def test_every_query_has_an_answer_for_programs(site: Site) -> None:
    site.deploy("tiny")
    site.cli("config:set A=1")

    queries = ("ps", "ps:scale", "releases", "releases:info", "releases:output", "config")
    for query in (*queries, "config:get A", "storage"):
        assert isinstance(site.ask(query), dict), query
    for query in ("apps", "keys", "version"):
        json.loads(site.laptop.ssh(f"{query} --json", check=True).stdout)


def test_without_a_command_ssh_tells_what_there_is_and_gives_no_shell(site: Site) -> None:
    answer = processes.run(site.laptop.ssh_argv("-T"), env=site.laptop.environment, check=False)

    assert answer.returncode == 0
    assert "there is no shell here" in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    "command", ["ls", "bash -c id", "'apps; id'", "git-shell", "scp -t /", "rsync"]
)
def test_what_is_no_command_of_ours_is_refused(site: Site, command: str) -> None:
    answer = site.laptop.ssh(command)

    assert answer.returncode == 2
    assert "there is no command" in answer.stderr
    assert "uid=" not in answer.stdout


def test_words_of_other_tools_are_answered_and_do_nothing(standing: Site) -> None:
    site = standing
    before = snapshot(site)

    stop, tail, whole = (
        site.laptop.ssh(f"{word} {site.name}") for word in ("ps:stop", "logs:tail", "help")
    )

    assert_cli_refused(stop, 2, " maintenance:on")
    assert "destroy" not in stop.stderr
    assert_cli_refused(tail, 2, f" logs --app {site.name} -t")
    assert_unchanged(site, before)
    assert whole.returncode == 2  # no command has the app's name
    assert "Usage: pushdeploy" in site.laptop.ssh("help").stdout


def test_ports_and_agents_are_not_forwarded(standing: Site) -> None:
    site = standing
    port = site.settings["port"]
    strictly = "-oExitOnForwardFailure=yes"
    argv = site.laptop.ssh_argv("-N", strictly, "-W", f"127.0.0.1:{port}")

    local = processes.run(argv, env=site.laptop.environment, check=False, timeout=30)
    remote = processes.run(
        site.laptop.ssh_argv(strictly, "-R", "9999:127.0.0.1:22", command="apps"),
        env=site.laptop.environment,
        check=False,
    )

    assert local.returncode != 0
    assert local.stdout == ""
    assert remote.returncode != 0
    assert "9999" not in site.host.run("ss", "-Hltn").stdout
