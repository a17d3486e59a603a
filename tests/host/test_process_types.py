"""What the lines of a Procfile become: the usual servers, shells, workers, real apps."""

import json
import re
from typing import Any

import pytest

from tests.host.jobs import beside_one_another, lives
from tests.host.story import (
    BLOG,
    Site,
    assert_refused,
    assert_serving,
    assert_unchanged,
    engines,
    eventually,
    snapshot,
)

TWO_TYPES = "web: gunicorn --threads 8 app:app\nclock: sleep 600\n"


def test_a_server_that_takes_no_socket_is_bridged_by_its_port(site: Site) -> None:
    site.deploy("port")
    site.change({"README.md": "again\n"})

    push = site.push()

    assert push.exit_status == 0, push.output
    assert site.get("/").text.startswith("v=1 release=v2 ")
    assert ("v2", "up") in states(site)
    assert web(site)["workers"] is None
    assert "v2.bridge.service active" in site.units()
    assert listeners_beyond_loopback(site) == []


@pytest.mark.parametrize("tree", ["compound", "module", "shell-syntax"])
def test_gunicorn_gets_the_socket_however_it_is_called(site: Site, tree: str) -> None:
    site.deploy(tree)

    assert site.get("/").status == 200
    assert not any("bridge" in unit for unit in site.units())
    assert listeners_beyond_loopback(site) == []


def test_a_command_line_is_read_by_a_real_shell(site: Site) -> None:
    site.deploy("shell-syntax")
    assert "it's '100%' well" in site.cli("logs").stdout

    site.cli("config:set GREETING=fine")

    assert "it's '100%' fine" in site.cli("logs").stdout


def test_gunicorn_is_added_when_the_requirements_forgot_it(site: Site) -> None:
    push = site.deploy("no-gunicorn-in-requirements")

    assert "gunicorn is missing from requirements.txt" in push.output
    assert site.get("/").status == 200


def test_an_app_that_nobody_here_wrote_runs(site: Site) -> None:
    site.deploy("httpbin")

    answer = site.get("/get?a=b", headers={"X-Probe": "yes"})

    assert json.loads(answer.text)["args"] == {"a": "b"}
    assert json.loads(answer.text)["headers"]["X-Probe"] == "yes"
    assert site.get("/status/503").status == 503


def test_the_blog_keeps_its_posts_through_a_deploy_and_counts_their_words(site: Site) -> None:
    push = site.deploy(BLOG)
    assert "Running release command: python -m blog.schema" in push.output
    where = write_post(site, "Before the deploy", "three little words")
    eventually(lambda: "3 words" in site.get(where).text, wanted=True)

    site.change({"NOTES": "again\n"})
    again = site.push()

    assert again.exit_status == 0, again.output
    assert site.current == "v2"
    assert "Before the deploy" in site.get(where).text
    second = write_post(site, "After the deploy", "two words")
    eventually(lambda: "2 words" in site.get(second).text, wanted=True)


def test_a_worker_runs_once_and_this_is_said(site: Site) -> None:
    push = site.deploy("worker-jobs")

    assert f"ps:scale --app {site.name} worker=2" in push.output
    workers = [one for one in site.ask("ps")["instances"] if one["instance"].startswith("worker")]
    assert [(one["instance"], one["state"]) for one in workers] == [("worker.1", "up")]


def test_a_worker_of_the_old_release_stops_before_the_new_one_starts(site: Site) -> None:
    site.deploy("worker-jobs")
    site.change({"README.md": "again\n"})

    site.push()

    workers = [unit for unit in site.units() if "worker" in unit]
    assert workers == ["v2.worker.1.service active"]
    eventually(lambda: [life.release for life in lives(site)], ["v1", "v2"])
    assert beside_one_another(lives(site)) == []


def test_a_worker_finishes_its_job_through_a_deploy_and_no_job_runs_twice(site: Site) -> None:
    site.deploy("worker-jobs")
    folder = f"{site.root}/shared/instance"
    user = f"pd-{site.name}"
    for number, seconds in enumerate((2, 0, 0)):
        make = (
            f"echo {seconds} > {folder}/.{number} && mv {folder}/.{number} {folder}/queue/{number}"
        )
        site.host.run("sh", "-c", make, user=user)
    eventually(lambda: site.host.run("ls", f"{folder}/taken").stdout != "", wanted=True)
    site.change({"README.md": "again\n"})

    site.push()

    eventually(lambda: site.host.run("ls", f"{folder}/queue").stdout, "")
    eventually(lambda: site.host.run("ls", f"{folder}/taken").stdout, "")
    done = site.host.run("sh", "-c", f"cd {folder}/done && wc -l 0 1 2").stdout
    assert re.findall(r"(\d+) [012]$", done, re.MULTILINE) == ["1", "1", "1"]


def test_a_worker_that_falls_takes_the_deploy_back(site: Site) -> None:
    site.deploy("tiny")
    before = snapshot(site)
    site.change(
        {"Procfile": "web: gunicorn --threads 8 app:app\nworker: sh -c 'echo no; exit 3'\n"}
    )

    push = site.push()

    assert_refused(push, "v1 is still live.", "`worker.1` of v2 did not stay up")
    assert_unchanged(site, before)


def test_of_a_first_deploy_that_is_taken_back_nothing_listens(site: Site) -> None:
    site.become("tiny", {"Procfile": "web: gunicorn app:app\nworker: sh -c 'exit 3'\n"})

    push = site.push()

    assert_refused(push, "`worker.1` of v1 did not stay up")
    eventually(lambda: engines(site.host), [])
    port = site.settings["port"]
    assert site.host.run("ss", "-Hltn", f"sport = :{port}").stdout == ""
    assert f"/run/pushdeploy/{site.name}/" not in site.host.run("ss", "-Hlx").stdout
    assert not [unit for unit in site.units() if unit.startswith(("v1.", "front."))]
    assert site.cli("reconcile").stdout == ""


def test_a_process_type_that_is_gone_leaves_no_unit(site: Site) -> None:
    site.deploy("tiny", {"Procfile": TWO_TYPES})
    assert any("clock" in unit for unit in site.units())

    site.change({"Procfile": "web: gunicorn --threads 8 app:app\n"})
    site.push()

    assert not any("clock" in unit for unit in site.units())
    files = site.host.run("sh", "-c", "ls /run/systemd/system").stdout
    assert not [name for name in files.split() if name.startswith(site.unit) and "clock" in name]


def test_a_version_of_python_that_is_not_there_is_refused_naming_those_that_are(
    site: Site,
) -> None:
    site.deploy("tiny")
    before = snapshot(site)
    site.change({".python-version": "3.8\n"})

    push = site.push()

    own = site.host.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    assert_refused(push, "3.8", own.stdout.strip())
    assert_unchanged(site, before)


def test_ps_counts_the_workers_that_run_and_says_what_starts(site: Site) -> None:
    site.deploy("tiny", {"Procfile": "web: gunicorn --workers=2 --threads 4 app:app\n"})
    eventually(lambda: web(site)["workers"], 2)

    assert "=== web (2 workers): gunicorn --workers=2" in site.cli("ps").stdout
    assert site.cli("ps:scale").stdout == "web=2\n"
    refused = site.cli("ps:scale web=4", check=False)
    assert refused.returncode == 2
    assert "the Procfile says how many workers web has: 2" in " ".join(refused.stderr.split())

    pid = site.main_pid()
    site.host.run("sh", "-c", f"kill -STOP {pid}; pkill -KILL -P {pid}")
    eventually(lambda: web(site)["workers"], 0)
    site.host.run("kill", "-CONT", str(pid))
    eventually(lambda: web(site)["workers"], 2)

    slow = "import time; time.sleep(6)\n" + site.host.read(f"{site.root}/current/code/app.py")
    site.change({"app.py": slow})
    push = site.laptop.start_push(site.app)
    eventually(lambda: states(site), {("v1", "up"), ("v2", "starting")})
    shown = site.cli("ps").stdout
    assert "down" not in shown
    assert "about to end" not in shown
    assert push.wait() == 0
    push.communicate()


def web(site: Site) -> dict[str, Any]:
    """What `ps` says of the live web instance."""
    live = site.current
    rows = [one for one in site.ask("ps")["instances"] if one["release"] == live]
    return next(one for one in rows if one["instance"] == "web.1")


def states(site: Site) -> set[tuple[str, str]]:
    """Each release with its web's state."""
    return {(one["release"], one["state"]) for one in site.ask("ps")["instances"]}


def test_the_version_of_python_that_the_repo_asks_for_is_taken(site: Site) -> None:
    own = site.host.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")

    push = site.deploy("tiny", {".python-version": own.stdout})

    assert f"Using Python {own.stdout.strip()}." in push.output
    assert " (.python-version)" in push.output
    assert_serving(site, version=1)


def test_the_venv_is_kept_for_a_push_of_code_and_made_anew_for_other_packages(site: Site) -> None:
    site.deploy("tiny")

    code = site.deploy_version(2)
    packages = "gunicorn\nitsdangerous\n"
    site.change({"requirements.txt": packages})
    other = site.push()

    assert "venv reused" in code.output
    assert "itsdangerous" in other.output
    assert other.exit_status == 0


def test_included_requirements_define_the_venv_too(site: Site) -> None:
    site.deploy(
        "tiny",
        {"requirements.txt": "-r more/base.txt\n", "more/base.txt": "gunicorn\n"},
    )

    site.change({"more/base.txt": "gunicorn\nitsdangerous\n"})
    push = site.push()

    assert push.exit_status == 0, push.output
    assert "itsdangerous" in push.output


def test_a_404_is_taken_for_healthy_with_a_warning(site: Site) -> None:
    push = site.deploy("tiny", {"app.py": not_found()})

    assert "Warning: GET / answered 404" in push.output
    assert site.get("/").status == 404


def test_a_named_health_check_is_asked_as_app_json_says(site: Site) -> None:
    site.deploy("tiny")
    before = snapshot(site)
    check = {
        "path": "/headers",
        "content": "X-Probe",
        "httpHeaders": [{"name": "X-Probe", "value": "7"}],
    }
    site.change({"app.json": json.dumps({"healthchecks": {"web": [check]}}), "VERSION": "2\n"})
    good = site.push()
    after = snapshot(site)
    site.change(
        {"app.json": json.dumps({"healthchecks": {"web": [{"path": "/nowhere", "attempts": 2}]}})}
    )

    bad = site.push()

    assert good.exit_status == 0, good.output
    assert "GET /headers answered 200" in good.output
    assert before.current == "v1"
    assert_refused(bad, "GET /nowhere answered 404")
    assert_unchanged(site, after)


def not_found() -> str:
    """An app that knows no page."""
    return (
        "def app(environ, start_response):\n"
        "    start_response('404 Not Found', [('Content-Length', '0')])\n"
        "    return []\n"
    )


def listeners_beyond_loopback(site: Site) -> list[str]:
    """Listening TCP sockets that others could reach, but sshd's and nginx's."""
    lines = site.host.run("ss", "-Hltnp").stdout.splitlines()
    found = [line for line in lines if "sshd" not in line and "nginx" not in line]
    return [line for line in found if not line.split()[3].startswith(("127.0.0.1:", "[::1]:"))]


def write_post(site: Site, title: str, body: str) -> str:
    """Publish a post in the blog, as its form does; returns its path."""
    form = site.get("/write")
    cookie = form.headers["Set-Cookie"].split(";")[0]
    found = re.search(r'name="token"[^>]*value="([^"]+)"', form.text)
    assert found is not None, form.text
    fields = f"token={found[1]}&title={title.replace(' ', '+')}&body={body.replace(' ', '+')}"
    answer = site.get(
        "/write",
        method="POST",
        body=fields.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie},
    )
    assert answer.status == 303, answer.text
    return answer.headers["Location"]
