"""The field's words for embedded mode: a server in a folder, and a repo that pushes to it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.cli.embedded_scripts import EmbeddedScripts
from pushdeploy.model.layout import Layout, embedded
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import processes
from pushdeploy.system.short_folder import short_folder
from pushdeploy.system.supervisord import Supervisord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TREES = Path(__file__).parents[1] / "sample_apps"
PATIENCE_SECONDS = 60.0
PUSH_SECONDS = 300.0

numbers = itertools.count(1)


@dataclass(frozen=True)
class Result:
    """How a program ended and what it printed, both streams in one."""

    status: int
    output: str


@dataclass(frozen=True)
class Place:
    """A server in a folder."""

    root: Path

    @classmethod
    def new(cls, root: Path) -> Place:
        """With its programs, and no app."""
        EmbeddedScripts(root).write(Path(sys.executable))
        return cls(root)

    @property
    def layout(self) -> Layout:
        return embedded(self.root, short_folder(self.root))

    @property
    def supervisor(self) -> Supervisord:
        return Supervisord(self.layout, Path(sys.executable))

    def site(self) -> Site:
        """A new app with a repo of its own."""
        site = Site(self, f"app-{next(numbers)}", self.root.parent / f"laptop {next(numbers)}")
        site.git("init", "--quiet", "--initial-branch=main", str(site.folder), folder=None)
        for name, value in EmbeddedScripts(self.root).remote(site.app).items():
            site.git("config", f"remote.production.{name}", value)
        return site

    def stop(self) -> None:
        """End everything."""
        processes.kill_marked("PUSHDEPLOY_HOME", str(self.root))
        self.supervisor.shut_down()
        shutil.rmtree(self.layout.run, ignore_errors=True)


@dataclass(frozen=True)
class Site:
    """One app: its repo, and what answers at its port."""

    place: Place
    app: str
    folder: Path

    @property
    def port(self) -> int:
        return AppRecords(self.place.layout.app(self.app)).settings().port

    @property
    def records(self) -> AppRecords:
        return AppRecords(self.place.layout.app(self.app))

    def git(self, *words: str, folder: Path | None = Path()) -> Result:
        """Run git with no settings but the repo's."""
        where = [] if folder is None else ["-C", str(self.folder)]
        who = ["-c", "user.name=A test", "-c", "user.email=test@example.invalid"]
        return self._run(["git", *where, *who, *words])

    def become(self, tree: str, files: Mapping[str, str] | None = None) -> None:
        """Commit exactly the files of a tree of tests/sample_apps, and these."""
        self.git("rm", "-r", "-q", "--ignore-unmatch", ".")
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(TREES / tree, self.folder, dirs_exist_ok=True, ignore=ignored)
        for name, text in (files or {}).items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"Become {tree}")

    def push(self) -> Result:
        """`git push production main`."""
        return self.git("push", "production", "main")

    def deploy(self, tree: str, files: Mapping[str, str] | None = None) -> Result:
        """Commit and push what must go live."""
        self.become(tree, files)
        pushed = self.push()
        assert pushed.status == 0, pushed.output
        return pushed

    def start_push(self) -> subprocess.Popen[bytes]:
        """A push that is still going on."""
        return subprocess.Popen(
            ["git", "-C", str(self.folder), "push", "production", "main"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )

    def pushdeploy(self, *words: str) -> Result:
        """A command of ours about this app."""
        return self._run(self._pushdeploy(*words))

    def start_pushdeploy(self, *words: str, stdin: int, output: int) -> subprocess.Popen[bytes]:
        """A command of ours about this app that is still going on; both outputs go one way."""
        return subprocess.Popen(
            self._pushdeploy(*words),
            stdin=stdin,
            stdout=output,
            stderr=output,
            env=self._environment(),
        )

    def _pushdeploy(self, command: str, *rest: str) -> list[str]:
        program = str(EmbeddedScripts(self.place.root).pushdeploy)
        return [program, command, "--app", self.app, *rest]

    def read(self, path: str = "/") -> str:
        """What the app's port answers."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS
        ) as answer:
            return str(answer.read().decode())

    def assert_serving(self, *, v: int, release: int) -> None:
        """The page names this version of the code and this release."""
        assert re.match(rf"v={v} release=v{release} ", self.read())

    def units(self) -> list[str]:
        """`web.1 of v2`: what the supervisor knows."""
        statuses = self.place.supervisor.statuses(self.app)
        return [f"{one.name} of v{one.release}" for one in statuses]

    def _run(self, line: list[str]) -> Result:
        done = subprocess.run(
            line,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PUSH_SECONDS,
            env=self._environment(),
        )
        return Result(done.returncode, done.stdout.decode(errors="replace"))

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PUSHDEPLOY_"))}
        return {**kept, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.1)
