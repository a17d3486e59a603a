"""Servers and frameworks that listen on a port by themselves, as people start them.

One app, whose one venv has all of them, and a web line for each.
"""

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, said
from tests.host.test_process_types import listeners_beyond_loopback

LINES = {
    "uwsgi": (
        "uwsgi --http 127.0.0.1:$PORT --module flask_app:app --master --processes 2",
        "hello of Flask",
        "2 workers",
    ),
    "uwsgi without a master": (
        "uwsgi --http-socket 127.0.0.1:$PORT -w flask_app:app",
        "hello of Flask",
        "1 worker",
    ),
    "flask run": ("flask --app flask_app run", "hello of Flask", "1"),
    "app.run": ("python flask_app.py", "hello of Flask", "1"),
    "uvicorn.run": ("python fast_app.py", "hello of FastAPI", "1"),
    "dash": ("python dash_app.py", "hello of Dash", "1"),
    "datasette": ("datasette --memory --port $PORT", "Datasette", "1"),
    "honcho": ("honcho start --procfile Procfile.inner inner", "hello of Flask", "1"),
}
INNER = {"Procfile.inner": "inner: flask --app flask_app run\n"}


@pytest.fixture(scope="module")
def served(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app `frameworks`."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.become("frameworks", INNER)
    yield site
    site.destroy()


@pytest.mark.parametrize("name", LINES)
def test_a_server_of_its_own_is_live_on_its_port(served: Site, name: str) -> None:
    line, page, count = LINES[name]
    served.change({"Procfile": f"web: {line}\n"})

    push = served.push()

    assert push.exit_status == 0, push.output
    answer = served.get("/")
    assert (answer.status, page in answer.text) == (200, True)
    assert listeners_beyond_loopback(served) == []
    assert f"=== web ({count}): " in served.cli("ps").stdout


def test_streamlit_is_live_and_a_browser_can_talk_to_it(served: Site) -> None:
    served.change({"Procfile": "web: streamlit run streamlit_app.py\n"})

    push = served.push()

    assert push.exit_status == 0, push.output
    assert served.get("/_stcore/health").text == "ok"
    asks = (
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *("Host: example.com", "Origin: https://example.com"),
    )
    headers = [word for one in asks for word in ("-H", one)]
    url = f"{served.url}/_stcore/stream"
    shaken = served.host.run("curl", "-si", "--max-time", "2", *headers, url, check=False)
    assert " 101 " in shaken.stdout.splitlines()[0]


EVERYWHERE = {
    "uwsgi --http :$PORT -w flask_app:app": "hello of Flask",
    "HOST=0.0.0.0 python fast_app.py": "hello of FastAPI",
    "flask --app flask_app run --host 0.0.0.0 --port $PORT": "hello of Flask",
}


@pytest.mark.parametrize("line", EVERYWHERE)
def test_a_server_may_listen_on_every_address_as_on_heroku(served: Site, line: str) -> None:
    """That no other machine reaches it: `test_firewall.py`."""
    served.change({"Procfile": f"web: {line}\n"})

    push = served.push()

    assert push.exit_status == 0, push.output
    assert EVERYWHERE[line] in served.get("/").text


def test_a_module_that_calls_uvicorn_run_takes_the_socket_when_the_repo_says_so(
    served: Site,
) -> None:
    says = json.dumps({"pushdeploy": {"web": "socket"}})
    served.change({"Procfile": "web: HOST=0.0.0.0 python fast_app.py\n", "app.json": says})

    push = served.push()

    assert push.exit_status == 0, push.output
    assert served.get("/").text == "hello of FastAPI\n"
    bridges = [unit for unit in served.units() if unit.startswith(f"{served.current}.bridge")]
    assert bridges == [], "only the release before, which is warm, has one"


def test_a_process_type_that_runs_once_is_not_started_and_runs_by_its_name(served: Site) -> None:
    lines = "web: flask --app flask_app run --port $PORT\nmigrate: echo migrated $DYNO\n"
    served.change({"Procfile": lines, "app.json": "{}"})

    push = served.push()

    assert push.exit_status == 0, push.output
    assert any("migrate: not started" in line for line in said(push))
    assert "=== migrate (0): " in served.cli("ps").stdout
    assert served.cli("run migrate").stdout.startswith("migrated run.")


ON_A_LAPTOP = """
honcho start --port 5600 web & starter=$!
for _ in {1..100}; do curl --fail --silent 127.0.0.1:5600 && break; sleep 0.2; done
kill $starter; wait
"""


def test_honcho_starts_the_procfile_that_was_pushed(served: Site) -> None:
    lines = "# as pushed\nweb: flask --app flask_app run --port ${PORT:-5000}\nmigrate: true\n"
    served.change({"Procfile": lines, "app.json": "{}"})
    push = served.push()
    assert push.exit_status == 0, push.output
    assert served.get("/").text == "hello of Flask\n"

    started = served.cli(f"run {shlex.quote(ON_A_LAPTOP)}", check=False)

    assert "hello of Flask" in started.stdout, (started.stdout, started.stderr)
