"""`pg:pull` and `pg:push`: what is asked of the server and of the laptop's own PostgreSQL."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pushdeploy.cli.runner import status_of
from pushdeploy.cli.target import Local
from pushdeploy.system.command import Command, Output, attempt, run
from tests.cli.engine import FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

TOOL = """\
#!{python} -I
import json, os, sys
name, words = os.path.basename(sys.argv[0]), sys.argv[1:]
state = json.load(open({state!r}))
with open({log!r}, "a") as file:
    print(name, *words, file=file)
if "--version" in words:
    print(f"{{name}} (PostgreSQL) {{state['version']}}.4 (Debian)")
elif name == "psql" and state["error"]:
    sys.exit(state["error"])
elif name == "psql":
    statement = words[-1].removeprefix("--command=").strip()
    if "pg_database" in statement:
        print(*(1 for one in state["local"] if f"'{{one}}'" in statement))
    elif statement.startswith("SELECT count"):
        print(state["local"][words[-2].removeprefix("--dbname=")])
elif name == "pg_dump":
    print("a local dump")
elif name == "pg_restore":
    open({got!r}, "w").write(sys.stdin.read())
    sys.exit(state["restore"])
else:
    line = words[-1]
    if "pg:psql" in line:
        sys.stdin.read()
        print(f"{{state['there']}}|{{state['content']}}")
    elif "pg:dump" in line:
        print("a dump of the server")
    else:
        open({got!r}, "w").write(sys.stdin.read())
"""


@dataclass(frozen=True)
class Laptop:
    """A checkout with a remote, an ssh that answers, and tools of PostgreSQL."""

    folder: Path

    def says(self, **state: Any) -> None:
        """What there is here and on the server."""
        usual = {"version": 15, "there": 15, "content": 0, "local": {}, "restore": 0, "error": ""}
        (self.folder / "state").write_text(json.dumps({**usual, **state}))

    def install(self, *names: str) -> None:
        for name in names:
            path = self.folder / "bin" / name
            files = {one: str(self.folder / one) for one in ("state", "log", "got")}
            path.write_text(TOOL.format(python=sys.executable, **files))
            path.chmod(0o755)

    def pushdeploy(self, *words: str) -> Output:
        return attempt(
            Command(
                [sys.executable, "-m", "pushdeploy.programs.command_line", *words],
                folder=self.folder / "checkout",
                environment={
                    "PATH": f"{self.folder / 'bin'}:/usr/lib/git-core",
                    "HOME": str(self.folder),
                    "GIT_PYTHON_GIT_EXECUTABLE": "/usr/bin/git",
                    **{name: os.environ[name] for name in ("LANG",) if name in os.environ},
                },
            )
        )

    @property
    def log(self) -> str:
        """Every program that was started."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def got(self) -> str | None:
        """What a database was filled with."""
        path = self.folder / "got"
        return path.read_text() if path.exists() else None


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """It has everything, and the same PostgreSQL as the server."""
    laptop = Laptop(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to("/usr/bin/git")
    run(Command(["git", "init", "--quiet", str(tmp_path / "checkout")]))
    remote = ["remote", "add", "production", "deploy@example.org:blog"]
    run(Command(["git", *remote], folder=tmp_path / "checkout"))
    laptop.install("ssh", "psql", "pg_dump", "pg_restore")
    laptop.says()
    return laptop


def test_a_pull_makes_the_local_database_and_fills_it(laptop: Laptop) -> None:
    said = laptop.pushdeploy("pg:pull", "blog_dev")

    assert (said.status, said.stderr.splitlines()[-1]) == (0, "done"), said.stderr
    assert laptop.got == "a dump of the server\n"
    assert 'CREATE DATABASE "blog_dev"' in laptop.log
    assert "pg:dump --app blog" in laptop.log
    assert "--clean" not in laptop.log


def test_a_pull_replaces_what_is_there_only_by_its_name(laptop: Laptop) -> None:
    laptop.says(local={"blog_dev": 3})

    refused = laptop.pushdeploy("pg:pull", "blog_dev", "--confirm", "other")

    assert refused.status == 2
    assert "`blog_dev` on this machine is not empty" in refused.stderr
    assert "pushdeploy pg:pull blog_dev --confirm blog_dev" in refused.stderr
    assert laptop.got is None
    assert laptop.pushdeploy("pg:pull", "blog_dev", "--confirm", "blog_dev").status == 0
    assert "--clean --if-exists" in laptop.log
    assert "CREATE DATABASE" not in laptop.log


def test_a_pull_that_fails_leaves_no_database(laptop: Laptop) -> None:
    laptop.says(restore=1)

    said = laptop.pushdeploy("pg:pull", "blog_dev")

    assert said.status == 69
    assert "`blog_dev` is as it was" in said.stderr
    assert laptop.log.splitlines()[-1].endswith('DROP DATABASE IF EXISTS "blog_dev"')


@pytest.mark.parametrize("verb", ["pg:pull", "pg:push"])
def test_without_the_tools_it_says_what_to_install(laptop: Laptop, verb: str) -> None:
    (laptop.folder / "bin/pg_dump").unlink()

    said = laptop.pushdeploy(verb, "blog_dev")

    assert said.status == 69
    assert "`pg_dump` is not installed on this machine" in said.stderr
    assert "postgresql-client" in said.stderr
    assert laptop.log == ""


@pytest.mark.parametrize(("verb", "here", "there"), [("pg:pull", 15, 17), ("pg:push", 17, 15)])
def test_tools_of_a_version_that_can_not_do_it_are_refused(
    laptop: Laptop, verb: str, here: int, there: int
) -> None:
    laptop.says(version=here, there=there, local={"blog_dev": 0} if verb == "pg:push" else {})

    said = laptop.pushdeploy(verb, "blog_dev")

    assert said.status == 69
    assert f"are PostgreSQL {here}, the server has {there}" in said.stderr
    assert f"install postgresql-client-{there}" in said.stderr
    assert laptop.got is None
    assert "CREATE" not in laptop.log


def test_a_push_fills_an_empty_database(laptop: Laptop) -> None:
    laptop.says(local={"blog_dev": 3})

    said = laptop.pushdeploy("pg:push", "blog_dev")

    assert said.status == 0, said.stderr
    assert laptop.got == "a local dump\n"
    assert "pg:restore --app blog --confirm blog" in laptop.log


def test_a_push_replaces_what_the_app_has_only_by_its_name(laptop: Laptop) -> None:
    laptop.says(local={"blog_dev": 3}, content=4)

    refused = laptop.pushdeploy("pg:push", "blog_dev")

    assert refused.status == 2
    assert "pushdeploy pg:push blog_dev --confirm blog" in refused.stderr
    assert laptop.got is None
    assert laptop.pushdeploy("pg:push", "blog_dev", "--confirm", "blog").status == 0
    assert laptop.got == "a local dump\n"


def test_a_push_of_what_is_not_there_is_refused(laptop: Laptop) -> None:
    said = laptop.pushdeploy("pg:push", "blog_dev")

    assert said.status == 4
    assert "this machine has no database `blog_dev`" in said.stderr


def test_a_postgresql_that_does_not_know_the_person_is_told_with_what_lets_them_in(
    laptop: Laptop,
) -> None:
    laptop.says(error='psql: error: connection failed: FATAL:  role "ada" does not exist')

    said = laptop.pushdeploy("pg:pull", "blog_dev")

    assert said.status == 4
    assert 'role "ada" does not exist' in " ".join(said.stderr.replace("!", "").split())
    assert "Next: sudo -u postgres createuser --createdb $USER" in said.stderr


@pytest.mark.parametrize(("verb", "instead"), [("pg:pull", "pg:dump"), ("pg:push", "pg:restore")])
def test_on_the_server_it_names_what_runs_there(
    verb: str, instead: str, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine()

    status = status_of([verb, "blog_dev", "--app", "blog"], lambda: Local(engine))

    said = capfd.readouterr().err
    assert status == 2
    assert "between a laptop and its server" in said
    assert f"pushdeploy {instead} --help" in said
    assert engine.asked == []
