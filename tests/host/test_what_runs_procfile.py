"""What a Procfile, app.json or nothing of the kind says about what runs."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from tests.host.story import TREES, Site, assert_serving, eventually

BOTH = ("v1.bot.1.service active", "v1.bot.2.service active")
GUESSED = TREES / "guessed"


@pytest.mark.parametrize(
    ("kind", "what", "command", "page"),
    [
        ("flaskr", "Flask app in flaskr/__init__.py", "'flaskr:create_app()'", "flaskr"),
        ("django", "Django app in mysite/wsgi.py", "mysite.wsgi:application", "mysite"),
        ("starlette", "Starlette app in src/shop/main.py", "shop.main:site", "shop"),
    ],
)
def test_a_repo_without_a_procfile_is_live_by_what_its_modules_hold(
    site: Site, kind: str, what: str, command: str, page: str
) -> None:
    push = site.deploy(GUESSED / kind)

    assert what in push.output
    assert command in push.output
    assert "adding it" in push.output, "the server is not in requirements.txt"
    assert site.get().text == f"{page}\n"


def bots(site: Site) -> list[str]:
    """Its bots that systemd has loaded."""
    return [one for one in site.units() if ".bot." in one]


def test_a_repo_without_web_runs_its_workers_alone(site: Site) -> None:
    push = site.deploy("bot")

    commit = site.ask("releases:info v1")["commit"]["id"]
    said = f"{site.root}/shared/said"
    for name in ("bot.1", "bot.2"):
        eventually(partial(site.host.read, f"{said}/{name}"), f"v1 {commit}\n")
    assert "http" not in push.output.partition("is live")[2]
    assert site.units() == ["slice active", *BOTH]
    assert [one["state"] for one in site.ask("ps")["instances"]] == ["up", "up"]
    assert "app.json" in site.cli("config:explain").stdout

    site.change({"bot.py": "raise SystemExit('broken')\n"})
    failed = site.push()

    assert failed.exit_status == 1
    assert "broken" in failed.output
    eventually(partial(bots, site), [*BOTH])

    site.cli("ps:scale bot=1")
    site.cli("restart")

    assert site.current == "v4"
    eventually(partial(bots, site), ["v4.bot.1.service active"])
    site.cli("rollback v1")
    eventually(partial(bots, site), [BOTH[0]])
    assert "no web process" in site.cli("domains:add bot.example.com").stderr


def test_a_web_that_is_taken_away_comes_back_by_a_rollback(site: Site) -> None:
    site.deploy("tiny")
    site.change({"Procfile": "bot: sleep infinity\n"})

    assert site.push().exit_status == 0

    assert "front.socket active" not in site.units()
    site.cli("rollback")
    assert_serving(site, version=1, release="v1")
    assert "front.socket active" in site.units()


RAW = """
import os, socketserver
class Hello(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"hello, and no HTTP\\n")
with socketserver.TCPServer(("127.0.0.1", int(os.environ["PORT"])), Hello) as server:
    server.serve_forever()
"""


def test_a_server_that_does_not_speak_http_is_live_when_it_listens(site: Site) -> None:
    files = {
        "Procfile": "web: python raw.py\n",
        "raw.py": RAW,
        "app.json": '{"healthchecks": {"web": [{"type": "startup", "listening": true}]}}',
    }

    push = site.deploy("tiny", files)

    assert "web listens on $PORT" in push.output
    line = f"exec 3<>/dev/tcp/127.0.0.1/{site.settings['port']}; cat <&3"
    assert site.host.run("bash", "-c", line).stdout == "hello, and no HTTP\n"


def test_what_heroku_reads_in_app_json_holds_here(site: Site) -> None:
    says = {
        "env": {"TOKEN": {"generator": "secret"}, "LEVEL": "info", "API_KEY": {}},
        "formation": {"clock": {"quantity": 0}},
        "addons": ["heroku-postgresql"],
    }
    files = {
        "app.json": json.dumps(says),
        "Procfile": "web: gunicorn app:app\nclock: sleep infinity\n",
        "Dockerfile": "FROM scratch\n",
    }
    site.become("tiny", files)

    refused = site.push()

    assert refused.exit_status == 1
    assert f"config:set API_KEY=VALUE --app {site.name}" in refused.output

    site.cli("config:set API_KEY=k")
    push = site.push()

    assert push.exit_status == 0, push.output
    assert "passed over: Dockerfile, addons in app.json" in push.output
    found = site.environment()
    assert (found["API_KEY"], found["LEVEL"], len(found["TOKEN"])) == ("k", "info", 64)
    assert (found["DYNO"], found["SOURCE_VERSION"]) == ("web.1", found["GIT_REV"])
    assert site.ask("ps:scale")["clock"] == 0
    assert site.ask("config")["TOKEN"] == found["TOKEN"]


def test_a_command_runs_before_the_first_release_is_live(new_site: Callable[[], Site]) -> None:
    site = new_site()
    site.become("release-fails")

    assert site.push().exit_status == 1

    ran = site.cli("run 'echo $DYNO $PUSHDEPLOY_RELEASE'").stdout.split()
    assert ran[0].startswith("run.")
    assert ran[1] == "v1"
