"""Somebody is told what goes wrong, and when it is over: by real servers, on the host itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, eventually

HEARD = "/run/heard"
PORT = 18091
HIDDEN = "a-secret-in-the-path"
LISTENER = f"""
import http.server, json, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/hangs":
            time.sleep(600)
        with open({HEARD!r}, "a") as file:
            print(json.dumps([self.path, body]), file=file)
        self.send_response({{"/refuses": 403, "/moved": 302}}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "http://127.0.0.1:{PORT}/elsewhere")
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", {PORT}), Handler).serve_forever()
"""
HOOK = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def site(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A live app, and a web server that keeps what it is told."""
    host.run("systemd-run", "--unit=heard", "--collect", "/usr/bin/python3", "-c", LISTENER)
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop"), installed.key)
    made = Site.new(host, laptop)
    made.deploy("tiny")
    yield made
    made.destroy()
    host.run("systemctl", "stop", "heard")
    host.run("rm", "--force", HEARD)


@pytest.fixture
def told(site: Site) -> Iterator[Site]:
    """The app, one address for it, and nothing heard yet."""
    site.laptop.ssh(f"notify:add --app {site.name} {HOOK}/{HIDDEN}")
    site.host.write(HEARD, "")
    yield site
    for number in (one["number"] for one in site.ask("notify")["addresses"] if one["app"]):
        site.cli(f"notify:remove {number}")


def heard(host: Host, path: str = f"/{HIDDEN}") -> list[dict[str, Any]]:
    """What came to a path, oldest first."""
    lines = (json.loads(line) for line in host.read(HEARD).splitlines())
    return [json.loads(body) for at, body in lines if at == path]


def test_a_webhook_is_told_of_deploys_that_fail_and_of_those_that_are_live(told: Site) -> None:
    host = told.host

    told.change({"app.py": "import nothing_of_that_name\n"})
    assert told.push().exit_status == 1
    eventually(lambda: len(heard(host)), wanted=1)
    told.deploy("tiny", {"VERSION": "7\n"})
    eventually(lambda: len(heard(host)), wanted=2)
    told.cli("rollback")
    eventually(lambda: len(heard(host)), wanted=3)

    failed, live, back = heard(host)
    assert (failed["app"], failed["topic"], failed["state"]) == (told.name, "deploy", "begun")
    assert "failed: the web process of" in failed["text"]
    assert failed["command"].startswith("pushdeploy releases:output --attempt ")
    assert (live["state"], live["since"]) == ("over", failed["since"])
    assert "is live" in live["text"]
    assert "went back to v1" in back["text"]


def test_a_test_says_what_each_address_answered(told: Site) -> None:
    for path in ("refuses", "moved"):
        told.cli(f"notify:add {HOOK}/{path}")

    tested = told.cli("notify:test", check=False)

    assert tested.returncode == 69
    words = " ".join((tested.stdout + tested.stderr).replace("!", "").split())
    assert f"{HOOK}/…: taken" in words
    assert "it answered 403" in words
    assert "it answered 302, a redirect, which is not followed" in words
    assert [one["topic"] for one in heard(told.host)] == ["test"]
    assert heard(told.host, "/elsewhere") == []


def test_nobody_sees_the_secret_of_an_address(told: Site) -> None:
    told.cli("notify:test")

    assert HIDDEN not in told.cli("notify").stdout + told.cli("notify --json").stdout
    journal = told.host.run("journalctl", "--no-pager", "--output=cat").stdout
    assert HIDDEN not in journal.replace(HEARD, "")
    path = f"{told.root}/notify.toml"
    assert told.host.run("stat", "--format=%U:%G %a", path).stdout == "root:root 600\n"
