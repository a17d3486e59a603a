"""The example blog, run for real: its own venv, gunicorn, a storage folder beside the code."""

import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import pytest

SOURCE = Path(__file__).parents[2] / "examples" / "blog"
STARTS_WITHIN_SECONDS = 30


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("blog.test", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


@dataclass
class Answer:
    """A response, read whole."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Browser:
    """A visitor with cookies."""

    socket: Path
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        return self.send("POST", path, urlencode(fields))

    def send(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Cookie": "; ".join(f"{m.key}={m.coded_value}" for m in self.cookies.values())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(UnixConnection(self.socket)) as connection:
            with suppress(BrokenPipeError):  # a refusal may come before the body was read
                connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return answer

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get("/write").text)
        assert found
        return found[1]

    def publish(self, **fields: str) -> Answer:
        draft = {"title": "A title", "body": "Some words.", "token": self.token()}
        return self.post("/write", **draft | fields)


@dataclass
class Server:
    """The blog under gunicorn. As in a release, `instance` in the code is a link to storage."""

    bin: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    release: str = "v1"

    @property
    def code(self) -> Path:
        return self.folder / self.release

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def database(self) -> Path:
        return self.storage / "blog.sqlite"

    @property
    def socket(self) -> Path:
        return self.folder / f"{self.release}.sock"

    def __enter__(self) -> Self:
        if not self.code.exists():
            shutil.copytree(SOURCE, self.code, ignore=shutil.ignore_patterns("__pycache__"))
            self.storage.mkdir(exist_ok=True)
            (self.code / "instance").symlink_to(self.storage)
        self.process = self.start("gunicorn", "--bind", f"unix:{self.socket}", "app:app")
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self.answers():
            assert self.process.poll() is None, "gunicorn ended"
            assert time.monotonic() < deadline, "gunicorn does not answer"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)
        self.socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        try:
            return self.browser().get("/version").status == 200
        except OSError:
            return False

    def browser(self) -> Browser:
        return Browser(self.socket)

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.bin / program, *arguments],
            cwd=self.code,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONDONTWRITEBYTECODE": "1",
                "PUSHDEPLOY_RELEASE": self.release,
                "GIT_REV": "0123456789abcdef0123456789abcdef01234567",
                **self.environment,
            },
            stdout=subprocess.PIPE if program == "python" else subprocess.DEVNULL,
            text=True,
        )

    def migrate(self) -> str:
        with self.start("python", "-W", "error", "-m", "blog.schema") as process:
            said, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        return said

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def execute(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a venv made from the blog's own requirements."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("blog-venv")
    # Any version of Flask: when even this fails there is no index, and no pin of ours is wrong.
    probe = ["uv", "pip", "compile", "--quiet", "--no-deps", "-"]
    asked = subprocess.run(
        probe, cwd=folder, input="flask\n", capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        pytest.skip(f"uv reaches no package index: {asked.stderr.strip()}")
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True
    )
    python = folder / "venv" / "bin" / "python"
    install = ["uv", "pip", "install", "--quiet", "--python", python]
    subprocess.run([*install, "--requirements", SOURCE / "requirements.txt"], check=True)
    return python.parent


Start = Callable[..., Server]


@pytest.fixture
def start(programs: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a server, in an empty storage folder that all servers of the test share."""
    with ExitStack() as stack:

        def started(release: str = "v1", **environment: str) -> Server:
            return stack.enter_context(Server(programs, tmp_path, environment, release))

        yield started


@pytest.fixture(scope="module")
def blog(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A blog with its tables, shared by the tests that only read or add posts."""
    with Server(programs, tmp_path_factory.mktemp("blog")) as server:
        server.migrate()
        yield server


def test_health_fails_until_the_release_phase_has_made_the_tables(start: Start) -> None:
    server = start()

    before = server.browser().get("/healthz")
    said = server.migrate()
    after = server.browser().get("/healthz")

    assert before.status == 503
    assert json.loads(before.text)["status"] == "failing"
    assert said == "schema: added posts, word counts\n"
    assert after.status == 200
    assert json.loads(after.text) == {
        "status": "ok",
        "database": "ok",
        "release": "v1",
        "commit": "0123456789abcdef0123456789abcdef01234567",
    }


def test_health_names_the_command_when_a_step_is_missing(start: Start) -> None:
    server = start()
    server.migrate()
    server.execute(
        "ALTER TABLE posts DROP COLUMN words",
        "DELETE FROM migrations WHERE name = 'word counts'",
        "INSERT INTO posts (title, body) VALUES ('Old', 'kept')",
    )

    before = server.browser().get("/healthz")
    server.migrate()
    after = server.browser().get("/healthz")

    assert before.status == 503
    assert json.loads(before.text)["database"] == "lacks word counts: run `python -m blog.schema`"
    assert after.status == 200
    assert server.rows("SELECT title, words FROM posts") == [("Old", None)]


def test_making_the_tables_twice_changes_nothing(blog: Server) -> None:
    assert blog.migrate() == "schema: up to date\n"


def test_two_that_make_the_tables_at_once_both_end_well(start: Start) -> None:
    server = start()

    with ThreadPoolExecutor() as pool:
        said = sorted(task.result() for task in [pool.submit(server.migrate) for _ in range(4)])

    assert said == ["schema: added posts, word counts\n"] + ["schema: up to date\n"] * 3


def test_old_code_works_with_the_tables_of_newer_code(start: Start) -> None:
    server = start()
    server.migrate()
    server.execute(
        "ALTER TABLE posts ADD COLUMN mood TEXT",
        "INSERT INTO migrations (name) VALUES ('moods')",
    )

    assert server.browser().get("/healthz").status == 200
    assert server.browser().publish().status == 303
    assert server.migrate() == "schema: up to date\n"


def test_two_releases_write_side_by_side_with_one_key(start: Start) -> None:
    old, new = start("v1"), start("v2")
    old.migrate()
    visitor = old.browser()
    token = visitor.token()

    def publish(number: int) -> int:
        server = new if number % 2 else old
        sender = Browser(server.socket, visitor.cookies)
        return sender.post("/write", title=str(number), body="text", token=token).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(publish, range(40)))

    assert statuses == [303] * 40
    assert old.rows("SELECT count(*) FROM posts") == [(40,)]


def test_a_post_is_published_and_shown(blog: Server) -> None:
    browser = blog.browser()

    answer = browser.publish(title="  Fog \n at noon ", body="One.\r\nTwo.\r\n\r\n\r\nThree.\r\n")
    post = browser.get(answer.headers["Location"])

    assert answer.status == 303
    assert "<h1>Fog at noon</h1>" in post.text
    assert '<p class="text">One.\nTwo.</p>' in post.text
    assert '<p class="text">Three.</p>' in post.text
    assert "Fog at noon" in browser.get("/").text


def test_what_people_write_is_shown_as_text(blog: Server) -> None:
    browser = blog.browser()

    answer = browser.publish(title="<b>x</b>", body="<script>alert('1')</script> & more")
    pages = browser.get(answer.headers["Location"]).text + browser.get("/").text

    assert "&lt;b&gt;x&lt;/b&gt;" in pages
    assert "&lt;script&gt;" in pages
    assert "<script" not in pages
    assert "<b>" not in pages


def test_the_list_goes_on_to_older_posts(start: Start) -> None:
    server = start()
    server.migrate()
    with closing(sqlite3.connect(server.database)) as database, database:
        titles = [(f"Nr {n}.",) for n in range(12)]
        database.executemany("INSERT INTO posts (title, body) VALUES (?, 'x')", titles)

    first = server.browser().get("/").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = server.browser().get(older[1]).text

    assert re.findall(r"Nr (\d+)\.", first + second) == [str(n) for n in range(11, -1, -1)]
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"title": "  "}, "A post needs a title."),
        ({"body": " \n "}, "A post needs a text."),
        ({"title": "x" * 121}, "At most 120 characters; this has 121."),
        ({"body": "x" * 20_001}, "At most 20,000 characters; this has 20,001."),
        ({"token": ""}, "This form was too old or came from another site."),
        ({"token": "é"}, "This form was too old or came from another site."),
    ],
)
def test_a_refused_form_stores_nothing_and_keeps_what_was_typed(
    blog: Server, fields: dict[str, str], problem: str
) -> None:
    before = blog.rows("SELECT count(*) FROM posts")
    typed = {"title": "Kept title", "body": "Kept <text>"} | fields

    answer = blog.browser().publish(**typed)

    assert answer.status == 400
    assert problem in answer.text
    assert ("Kept title" in answer.text) == (typed["title"] == "Kept title")
    assert ("Kept &lt;text&gt;" in answer.text) == (typed["body"] == "Kept <text>")
    assert blog.rows("SELECT count(*) FROM posts") == before


def test_a_form_of_another_visitor_is_refused(blog: Server) -> None:
    mine, theirs = blog.browser(), blog.browser()
    mine.token()

    assert mine.publish(token=theirs.token()).status == 400
    assert blog.browser().post("/write", title="a", body="b").status == 400


def test_with_a_password_only_who_knows_it_may_publish(start: Start) -> None:
    server = start(BLOG_PASSWORD="open sesame")  # noqa: S106
    server.migrate()

    without = server.browser().publish()
    wrong = server.browser().publish(password="open")  # noqa: S106
    right = server.browser().publish(password="open sesame")  # noqa: S106

    assert (without.status, wrong.status, right.status) == (400, 400, 303)
    assert "This is not the password." in wrong.text
    assert server.rows("SELECT count(*) FROM posts") == [(1,)]


@pytest.mark.parametrize("path", ["/nowhere", "/posts/0", f"/posts/{10**30}", "/posts/x"])
def test_an_unknown_page_is_not_found(blog: Server, path: str) -> None:
    answer = blog.browser().get(path)

    assert answer.status == 404
    assert "There is no page at this address." in answer.text


@pytest.mark.parametrize("before", ["-1", str(-(10**30)), str(10**30), "x"])
def test_the_list_takes_any_number(blog: Server, before: str) -> None:
    assert blog.browser().get(f"/?before={before}").status == 200


def test_a_wrong_method_and_a_huge_form_are_refused(blog: Server) -> None:
    wrong = blog.browser().post("/")
    huge = blog.browser().publish(body="x" * 300_000)

    assert wrong.status == 405
    assert "GET" in wrong.headers["Allow"]
    assert huge.status == 413
    assert "more than this blog takes" in huge.text


def test_a_broken_database_is_an_error_page_and_a_failing_health_check(
    start: Start, tmp_path: Path
) -> None:
    server = start(DATABASE=str(tmp_path / "missing" / "blog.sqlite"))

    page = server.browser().get("/")
    health = server.browser().get("/healthz")

    assert page.status == 500
    assert "Something broke" in page.text
    assert health.status == 503
    assert not (tmp_path / "missing").exists()


def test_pages_load_nothing_from_elsewhere(blog: Server) -> None:
    browser = blog.browser()

    for path in ("/", "/write", "/nowhere"):
        answer = browser.get(path)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"""(src|href)=["'](https?:)?//""", answer.text)
        assert 'href="/static/style.css?v=v1"' in answer.text
    assert browser.get("/static/style.css").status == 200
    assert browser.get("/static/icon.svg").status == 200


def test_the_version_is_one_line_of_text(blog: Server) -> None:
    answer = blog.browser().get("/version")

    assert answer.text == "v1 0123456789abcdef0123456789abcdef01234567\n"
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_form_survives_a_deploy(start: Start) -> None:
    old, new = start("v1"), start("v2")
    new.migrate()
    visitor = old.browser()
    token = visitor.token()

    answer = Browser(new.socket, visitor.cookies).post("/write", title="a", body="b", token=token)

    key = new.storage / "secret_key"
    assert answer.status == 303
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text().strip()) == 64
    assert list(new.storage.glob(".secret_key*")) == []


def test_a_key_from_the_environment_is_used_and_none_is_made(start: Start) -> None:
    server = start(SECRET_KEY="from outside")  # noqa: S106

    assert server.browser().get("/write").status == 200
    assert not (server.storage / "secret_key").exists()


def test_nothing_is_written_beside_the_code(blog: Server) -> None:
    blog.browser().publish()

    wanted = {p.relative_to(SOURCE) for p in SOURCE.rglob("*") if "__pycache__" not in p.parts}
    found = {p.relative_to(blog.code) for p in blog.code.rglob("*")}
    assert found == wanted | {Path("instance")}


def test_the_worker_counts_words_and_ends_on_term(start: Start) -> None:
    server = start()
    with server.start("python", "-W", "error", "-m", "blog.worker") as worker:
        assert worker.stdout
        assert worker.stdout.readline() == "worker: started\n"
        assert "trying again" in worker.stdout.readline()
        server.migrate()
        post = server.browser().publish(body="Three plain words.").headers["Location"]

        while "has" not in (line := worker.stdout.readline()):
            assert line
        worker.terminate()
        rest = worker.stdout.read()

    assert line == "worker: post 1 has 3 words\n"
    assert rest == "worker: stopped\n"
    assert worker.returncode == 0
    assert "3 words" in server.browser().get(post).text
