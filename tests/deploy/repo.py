"""A real git repo of texts, made without a work tree."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE, PROGRAM, LINK, SUBMODULE = "100644", "100755", "120000", "160000"

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Repo:
    """A bare repo."""

    path: Path

    def git(self, *words: str, stdin: bytes = b"") -> str:
        """Run git in it."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *words],
            input=stdin,
            capture_output=True,
            check=True,
            env={**os.environ, **AUTHOR},
        )
        return done.stdout.decode().strip()

    def tree(self, content: bytes) -> str:
        """A tree of just these bytes, whatever git thinks of them; its id."""
        words = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
        return self.git(*words, stdin=content)

    def commit_of(self, tree: str) -> str:
        """A commit of a tree, without a parent and on no branch; its id."""
        return self.git("commit-tree", tree, "-m", "Old history")

    def commit(
        self,
        files: Mapping[str, str | bytes],
        *,
        modes: Mapping[str, str] | None = None,
        subject: str = "A commit",
        branch: str = "main",
    ) -> str:
        """Commit exactly these files on top of the branch; returns the commit's id."""
        self.git("read-tree", "--empty")
        lines = [self._index_line(path, text, modes or {}) for path, text in files.items()]
        self.git("update-index", "-z", "--index-info", stdin="".join(lines).encode())
        tree = self.git("write-tree")
        before = self._tip(branch)
        parents = ["-p", before] if before else []
        identity = self.git("commit-tree", tree, *parents, "-m", subject)
        self.git("update-ref", f"refs/heads/{branch}", identity)
        return identity

    def _index_line(self, path: str, text: str | bytes, modes: Mapping[str, str]) -> str:
        mode = modes.get(path, FILE)
        content = text.encode() if isinstance(text, str) else text
        identity = (
            "1" * 40
            if mode == SUBMODULE
            else self.git("hash-object", "-w", "--stdin", stdin=content)
        )
        return f"{mode} {identity}\t{path}\0"

    def _tip(self, branch: str) -> str:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")


def make_repo(path: Path) -> Repo:
    """An empty one."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return Repo(path)
