"""What an app, a push or a visitor does to make nginx show what is not theirs."""

import json
from collections.abc import Iterator

import pytest

from pushdeploy.model import forwarded
from tests.host import proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.proxy import visit
from tests.host.story import Site, assert_refused

NAME = "hostile.example.com"
URL = f"http://{NAME}"
CANARY = "canary-of-the-neighbour"
EVIL = "evil.example"

# The recipe of Flask's own documentation, with all that it can be told to believe.
APP = """
import json
from flask import Flask, redirect, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__, static_folder=None)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)

@app.get("/")
def home():
    return "home"

@app.get("/login")
def login():
    return redirect(url_for("home", _external=True))

@app.get("/accel/<path:target>")
def accel(target):
    return "", 200, {"X-Accel-Redirect": f"/{target}", "X-Sendfile": f"/{target}"}

flask = app.wsgi_app

def with_headers(environ, start):
    # Before Flask, which refuses what would become a websocket.
    if environ["PATH_INFO"] != "/headers":
        return flask(environ, start)
    found = {key: str(value) for key, value in environ.items() if key.isupper()}
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]

app.wsgi_app = with_headers
"""

FILES = {
    "app.py": APP,
    "requirements.txt": "gunicorn==27.0.1\nflask\n",
    "static/app.css": "style\n",
    "static/gone.css": "to be removed\n",
    "static/leak.css": "to be removed at once\n",
    "static/.env": f"{CANARY}\n",
    "public/page.txt": "public\n",
    "private/key.txt": f"{CANARY}\n",
}

# Changes a folder of its own against a link, again and again, by one rename each.
RACE = """
import os, time
os.makedirs("real/etc", exist_ok=True)
open("real/etc/passwd", "w").write("mine")
end = time.monotonic() + 6
n = 0
while time.monotonic() < end:
    os.symlink("/", "link")
    os.rename("real", "media") if not os.path.lexists("media") else None
    os.rename("media", "real")
    os.rename("link", "media")
    os.unlink("media")
    n += 1
print(n)
"""

VISITS = """
import http.client, sys, time
seen = set()
end = time.monotonic() + 4
n = 0
while time.monotonic() < end:
    connection = http.client.HTTPConnection("127.0.0.1", 80)
    connection.request("GET", "/media/etc/passwd", headers={"Host": sys.argv[1]})
    answer = connection.getresponse()
    body = answer.read()
    seen.add((answer.status, b"root:" in body, body == b"mine"))
    n += 1
print(n, sorted(seen))
"""


@pytest.fixture(scope="module")
def hostile(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that means ill, under a name, with a media folder that nginx serves."""
    proxy.know_names(host, names=[NAME])
    laptop = Laptop(host, tmp_path_factory.mktemp("hostile") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy("tiny", FILES)
    site.cli(f"domains:add {NAME}")
    site.cli("storage:add media/")
    site.cli("static:add /media shared/media")
    yield site
    site.destroy()


@pytest.fixture(scope="module")
def neighbour(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Another app, whose upload is as open as nginx needs it."""
    laptop = Laptop(host, tmp_path_factory.mktemp("neighbour") / "home", installed.key)
    site = Site.new(host, laptop)
    laptop.ssh(f"apps:create {site.name}", check=True)
    media = f"{site.root}/shared/media"
    as_app(site, f"mkdir {media} && echo {CANARY} > {media}/secret && chmod -R o+rX {media}")
    yield site
    site.destroy()


def as_app(site: Site, script: str, *, check: bool = True) -> str:
    """What the app's own user does, in its storage."""
    words = ("bash", "-c", f"cd {site.root}/shared && {script}")
    done = site.host.run(*words, user=f"pd-{site.name}", check=check)
    return done.stdout + done.stderr


def media_again(site: Site) -> None:
    """A folder with a file of the app's own, which nginx shows."""
    as_app(site, "rm -rf media && mkdir -m 755 media && echo mine > media/mine")
    assert visit(site.host, f"{URL}/media/mine").text == "mine\n"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "etc/passwd"),
        ("/etc", "passwd"),
        ("//etc/../etc/.", "passwd"),
        ("/proc/self/root", "etc/passwd"),
        ("{neighbour}/shared/media", "secret"),
        ("{neighbour}/shared", "media/secret"),
        ("../../{name}/shared/media", "secret"),
        ("{own}/current/code", "private/key.txt"),
    ],
)
def test_a_media_folder_that_becomes_a_link_is_not_followed(
    hostile: Site, neighbour: Site, target: str, path: str
) -> None:
    filled = target.format(neighbour=neighbour.root, name=neighbour.name, own=hostile.root)
    media_again(hostile)
    as_app(hostile, f"rm -rf media && ln -s '{filled}' media")
    itself = visit(hostile.host, f"{URL}/media/{path}")
    as_app(hostile, f"rm media && mkdir -m 755 media && ln -s '{filled}' media/below")
    below = visit(hostile.host, f"{URL}/media/below/{path}")
    as_app(hostile, f"ln -s '{filled}/{path}' media/file")
    file = visit(hostile.host, f"{URL}/media/file")

    for answer in (itself, below, file):
        assert answer.status in (403, 404)
        assert CANARY not in answer.text
        assert "root:" not in answer.text
    media_again(hostile)


def test_a_link_that_comes_and_goes_during_requests_is_never_followed(hostile: Site) -> None:
    as_app(hostile, "rm -rf media real link")
    swaps = hostile.host.start(
        *("bash", "-c", f'cd {hostile.root}/shared && exec python3 -c "$0"', RACE),
        user=f"pd-{hostile.name}",
    )
    visits = hostile.host.run("python3", "-c", VISITS, NAME)
    swapped, _ = swaps.communicate(timeout=60)

    as_app(hostile, "rm -rf media real link")
    assert int(swapped) > 100
    assert int(visits.stdout.split()[0]) > 100
    assert "(200, False, True)" in visits.stdout, visits.stdout
    assert "True, False" not in visits.stdout, visits.stdout
    media_again(hostile)


def test_what_is_no_plain_file_of_its_own_is_not_shown(hostile: Site, neighbour: Site) -> None:
    media_again(hostile)

    linked = as_app(
        hostile,
        "mkfifo media/pipe; "
        f"ln /etc/passwd media/hard; ln {neighbour.root}/shared/media/secret media/theirs",
        check=False,
    )

    assert linked.count("Operation not permitted") + linked.count("Permission denied") == 2, linked
    for name in ("pipe", "hard", "theirs"):
        answer = visit(hostile.host, f"{URL}/media/{name}")
        assert answer.status in (403, 404)
    media_again(hostile)


def test_an_app_names_no_file_for_nginx_but_what_it_may_show(hostile: Site) -> None:
    for target in (
        "etc/passwd",
        "static/../../../environment",
        "media/%2e%2e/%2e%2e/settings.toml",
    ):
        answer = visit(hostile.host, f"{URL}/accel/{target}")

        assert "root:" not in answer.text
        assert "domains" not in answer.text

    assert visit(hostile.host, f"{URL}/accel/static/app.css").text == "style\n"


def test_a_folder_of_the_code_is_served_only_once_it_can_be_read(hostile: Site) -> None:
    added = hostile.cli("static:add /p public")
    seen = visit(hostile.host, f"{URL}/p/page.txt")
    absent = hostile.cli("static:add /q nothing")
    storage = hostile.cli("static:add /r media", check=False)
    file = hostile.cli("static:add /r app.py", check=False)

    assert seen.text == "public\n"
    assert "nginx serves /p/" in added.stderr
    assert "has no `nothing/`" in absent.stderr
    assert "shared/media" in storage.stderr
    assert "is a file" in file.stderr
    assert set(hostile.ask("static")) == {"/media", "/p", "/q", "/static"}
    for path in ("private/key.txt", "static/.env"):
        read = hostile.host.run(
            "cat", f"{hostile.root}/current/code/{path}", user="nobody", check=False
        )
        assert read.returncode != 0
    hostile.cli("static:remove /p")
    hostile.cli("static:remove /q")


def test_a_link_that_a_push_brings_is_not_followed(hostile: Site) -> None:
    hostile.cli("static:add /p public")
    public = hostile.app.folder / "public"
    (public / "page.txt").unlink()
    public.rmdir()
    public.symlink_to("/etc")
    (hostile.app.folder / "code").symlink_to("..")
    hostile.laptop.commit(hostile.app, {})
    pushed = hostile.push()

    through = visit(hostile.host, f"{URL}/p/passwd")
    added = hostile.cli("static:add /x code", check=False)

    hostile.cli("static:remove /p")
    public.unlink()
    hostile.change({"public/page.txt": "public\n"})
    assert pushed.exit_status == 0
    assert "root:" not in through.text
    assert added.returncode != 0
    assert "is a link, and nginx follows no links" in added.stderr.replace("\n !     ", " ")


def test_static_itself_may_not_lead_out_of_the_repo(hostile: Site) -> None:
    hostile.laptop.git(hostile.app, "mv", "static", "assets")
    (hostile.app.folder / "static").symlink_to("/")
    hostile.laptop.commit(hostile.app, {})

    push = hostile.push()

    hostile.laptop.git(hostile.app, "reset", "-q", "--hard", "HEAD~1")
    assert_refused(push, "`static` is a link to `/`")
    assert "root:" not in visit(hostile.host, f"{URL}/static/etc/passwd").text


def test_a_file_that_a_push_removes_is_gone_after_its_time(hostile: Site) -> None:
    hostile.laptop.git(hostile.app, "rm", "-q", "static/gone.css")
    hostile.laptop.commit(hostile.app, {})
    assert hostile.push().exit_status == 0

    soon = visit(hostile.host, f"{URL}/static/gone.css")
    hostile.host.run("sed", "-i", 's/"at":[0-9.]*/"at":1/', f"{hostile.root}/history.jsonl")
    hostile.host.run("pushdeploy", "reconcile", "--app", hostile.name)
    later = visit(hostile.host, f"{URL}/static/gone.css")
    kept = visit(hostile.host, f"{URL}/static/app.css")

    assert (soon.status, soon.text) == (200, "to be removed\n")
    assert later.status == 404
    assert kept.text == "style\n"


def test_a_restart_ends_a_removed_file_at_once(hostile: Site) -> None:
    hostile.laptop.git(hostile.app, "rm", "-q", "static/leak.css")
    hostile.laptop.commit(hostile.app, {})
    assert hostile.push().exit_status == 0

    soon = visit(hostile.host, f"{URL}/static/leak.css").status
    hostile.cli("restart")
    later = visit(hostile.host, f"{URL}/static/leak.css").status

    assert (soon, later) == (200, 404)


# What a visitor says of himself


NAMES = [
    *(name for name, _ in forwarded.TOLD if name != "Host"),
    *forwarded.FROM_A_PROXY,
    *forwarded.CLEARED,
]
CLAIMS = {
    **dict.fromkeys(NAMES, EVIL),
    # CGI and WSGI can't tell these from the ones with dashes (CVE-2015-0219).
    **{name.replace("-", "_"): EVIL for name in NAMES if "-" in name},
    "X-Forwarded_For": EVIL,
    "SCRIPT_NAME": f"//{EVIL}",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Script-Name": f"//{EVIL}",
}


H2C = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk"}
"""Who gets this through speaks HTTP/2 with the app, and nginx hears none of it."""


@pytest.mark.parametrize(
    ("more", "upgrade"),
    [
        ({}, None),
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, "websocket"),
        (H2C, None),
        ({**H2C, "Upgrade": "websocket, h2c"}, None),
    ],
)
def test_nothing_that_a_visitor_claims_reaches_the_app(
    hostile: Site, more: dict[str, str], upgrade: str | None
) -> None:
    answer = visit(hostile.host, f"{URL}/headers", **{**CLAIMS, **more})

    assert answer.status == 200
    assert EVIL not in answer.text
    seen = json.loads(answer.text)
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen.get("HTTP_UPGRADE") == upgrade
    assert "HTTP_HTTP2_SETTINGS" not in seen


def test_no_redirect_leads_to_a_foreign_host(hostile: Site) -> None:
    for name, value in CLAIMS.items():
        answer = visit(hostile.host, f"{URL}/login", **{name: value})

        assert answer.headers["Location"] == f"{URL}/", name


def test_an_owner_who_lets_underscores_in_changes_nothing_here(hostile: Site) -> None:
    own = "/etc/nginx/conf.d/0-own.conf"
    hostile.host.write(own, "underscores_in_headers on;\nignore_invalid_headers off;\n")
    hostile.host.run("systemctl", "reload", "nginx")
    hostile.host.run("sleep", "1")

    answer = visit(hostile.host, f"{URL}/headers", **CLAIMS)

    hostile.host.run("rm", own)
    hostile.host.run("systemctl", "reload", "nginx")
    assert answer.status == 200
    assert EVIL not in answer.text
