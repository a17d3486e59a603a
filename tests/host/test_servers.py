"""The usual servers, as people write them: each takes the socket, and says who the visitor is."""

import json

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site
from tests.host.test_process_types import listeners_beyond_loopback

VISITOR = "203.0.113.9"
FORWARDED = {"X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https", "Host": "example.com"}

LINES = [
    "uvicorn main:app --host 0.0.0.0 --port $PORT",
    "cd . && python -m uvicorn main:app --port=$PORT --workers 2",
    "hypercorn main:app -b 0.0.0.0:$PORT --workers 2",
    "hypercorn main:wsgi --bind [::]:$PORT",
    "daphne -b 0.0.0.0 -p $PORT main:app",
    "granian --interface asgi --host 0.0.0.0 --port $PORT main:app",
    "granian --interface wsgi --workers 2 --port $PORT main:wsgi",
    "waitress-serve --listen=*:$PORT main:wsgi",
    "gunicorn -c gunicorn_settings.py main:wsgi",
    "gunicorn -k gevent -b 0.0.0.0:$PORT --workers 2 main:wsgi",
    "gunicorn -k gthread --threads 2 --reuse-port --bind :$PORT main:wsgi",
    "gunicorn -k asgi -b 0.0.0.0:8000 main:app",
]


@pytest.fixture(scope="module")
def served(host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> "object":
    """The app `servers`, with one venv that has all of them."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.become("servers")
    yield site
    site.destroy()


@pytest.mark.parametrize("line", LINES)
def test_a_server_takes_the_socket_and_knows_its_visitor(served: Site, line: str) -> None:
    served.change({"Procfile": f"web: {line}\n"})

    push = served.push()

    assert push.exit_status == 0, push.output
    release, client, _, port, scheme = json.loads(served.get("/", headers=FORWARDED).text)
    assert (release, client, scheme) == (served.current, VISITOR, "https")
    assert port > 0
    assert tcp_listeners(served) == []
    assert not any("bridge" in unit for unit in served.units())
    assert json.loads(served.get("/").text)[1] == "127.0.0.1"
    assert listeners_beyond_loopback(served) == []


@pytest.mark.parametrize("options", ["-w 2", "--threads 4"])
def test_an_answer_arrives_although_gunicorn_read_nothing_of_the_upload(
    served: Site, options: str
) -> None:
    """A closed socket with something unread in it would reset whoever waits for the answer."""
    served.change({"Procfile": f"web: gunicorn {options} main:wsgi\n"})
    assert served.push().exit_status == 0
    served.host.run("truncate", "--size=900K", "/run/upload")

    sent = f"curl -s -o /dev/null -w '%{{http_code}}\\n' --data-binary @/run/upload {served.url}/"
    codes = served.host.run("bash", "-c", f"for i in {{1..30}}; do {sent} || true; done").stdout

    assert codes.split() == ["200"] * 30


def test_an_old_gunicorn_starts(site: Site) -> None:
    old = {
        "Procfile": "web: gunicorn main:wsgi\n",
        "requirements.txt": "gunicorn==20.1.0\nsetuptools==80.9.0\n",
    }

    site.deploy("servers", old)

    assert json.loads(site.get("/", headers=FORWARDED).text)[:2] == ["v1", VISITOR]


def tcp_listeners(site: Site) -> list[str]:
    """What its processes listen on by TCP, whatever the address."""
    number = site.host.run("id", "-u", f"pd-{site.name}").stdout.strip()
    lines = site.host.run("ss", "-Hltne").stdout.splitlines()
    return [line for line in lines if f"uid:{number} " in f"{line} "]
