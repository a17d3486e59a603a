"""The demo's laptop: a git repo of the example blog, and the changes that are made to it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from shutil import copytree
from typing import TYPE_CHECKING

from pushdeploy.system import command
from pushdeploy.system.git_program import configured, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.system.command import Command

AUTHOR = "demo@pushdeploy.invalid"
AS_AUTHOR = ("-c", "user.name=The demo", "-c", f"user.email={AUTHOR}")

PUSH_SECONDS = 900.0
"""The first push installs the blog's packages from the network."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one file, as a person would make it."""

    path: str
    before: str
    after: str
    message: str


SECOND_VERSION = Edit(
    "templates/index.html",
    "{% block title %}Field notes{% endblock %}",
    "{% block title %}Field notes, second edition{% endblock %}",
    "Call it the second edition",
)
BROKEN_VERSION = Edit(
    "app.py",
    "from blog.web import create_app",
    "from blog.web import create_application as create_app",
    "Import a function that does not exist",
)


@dataclass(frozen=True, slots=True)
class Blog:
    """The repo."""

    folder: Path

    def exists(self) -> bool:
        """True when it was made before."""
        return (self.folder / ".git").is_dir()

    def has_work_of_others(self) -> bool:
        """True when somebody has changed or committed something that the demo did not."""
        if not self.exists():
            return False
        authors = self._git("log", "--format=%ae").stdout.split()
        return bool(self._git("status", "--porcelain").stdout) or set(authors) != {AUTHOR}

    def create(self, example: Path) -> None:
        """A repo with the example as its first commit."""
        ignored = _ignored(("instance", ".venv", "__pycache__"))
        copytree(example, self.folder, ignore=ignored, dirs_exist_ok=True)
        self._git("init", "--quiet", "--initial-branch=main")
        self._commit("A small blog")

    def set_remote(self, settings: Mapping[str, str]) -> None:
        """Where `git push production main` goes."""
        for name, value in settings.items():
            self._git("config", f"remote.production.{name}", value)

    def name_a_committer(self) -> None:
        """In this repo alone, and only where git would refuse to commit for want of a name."""
        asked = git("-C", str(self.folder), "var", "GIT_COMMITTER_IDENT")
        if command.attempt(asked).status != 0:
            self._git("config", "user.name", "The demo")
            self._git("config", "user.email", AUTHOR)

    def change(self, edit: Edit) -> None:
        """Make and commit a change."""
        path = self.folder / edit.path
        text = path.read_text()
        path.write_text(text.replace(edit.before, edit.after))
        self._commit(edit.message)

    def push(self, on_line: Callable[[str], None]) -> int:
        """`git push production main`; returns its exit status."""
        line = self._command(["push", "production", "main"])
        return command.stream(line, on_line, seconds=PUSH_SECONDS)

    def _commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git(*AS_AUTHOR, "commit", "--quiet", "--message", message)

    def _git(self, *words: str) -> command.Output:
        return command.run(self._command(words))

    def _command(self, words: Sequence[str]) -> Command:
        """The person's settings (signing, hooks, templates) are neither used nor changed."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        }
        environment |= {**configured({}), "GIT_TERMINAL_PROMPT": "0"}
        return git("-C", str(self.folder), *words, environment=environment)


def title_of(page: str) -> str:
    """What the browser's tab would say."""
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return found[1].strip() if found else ""


def release_of(page: str) -> str:
    """`v2`: the release that made the page, from its foot."""
    found = re.search(r"Release (v\d+)", page)
    return found[1] if found else ""


def _ignored(names: Sequence[str]) -> Callable[[str, list[str]], list[str]]:
    def ignore(_folder: str, present: list[str]) -> list[str]:
        return [name for name in present if name in names]

    return ignore
