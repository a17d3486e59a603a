"""The programs of an embedded root: `pushdeploy` itself, what a push runs, and git's hooks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmbeddedScripts:
    """Where they lie."""

    root: Path

    @property
    def pushdeploy(self) -> Path:
        """The command line."""
        return self.root / "bin" / "pushdeploy"

    @property
    def receive_pack(self) -> Path:
        """For `remote.production.receivepack`: takes the app's name."""
        return self.root / "bin" / "git-receive-pack"

    @property
    def hooks(self) -> Path:
        """The folder of the hooks."""
        return self.root / "hooks"

    def remote(self, app: str) -> dict[str, str]:
        """The settings of a git remote that pushes to an app (git-config(1))."""
        return {
            "url": str(self.root / "apps" / app / "repo.git"),
            "fetch": "+refs/heads/*:refs/remotes/production/*",
            "receivepack": f"{shlex.quote(str(self.receive_pack))} {app}",
        }

    def write(self, python: Path) -> None:
        """Put them there; `python` is the interpreter that has pushdeploy."""
        for folder in (self.root / "bin", self.hooks):
            folder.mkdir(parents=True, exist_ok=True)
        for hook in ("pre-receive", "post-receive"):
            self._write(self.hooks / hook, "embedded/hook.j2", python, resource("hooks") / hook)
        shell = resource("hooks") / "update"
        write(File(self.hooks / shell.name, shell.read_text(), 0o755))
        for script in (self.pushdeploy, self.receive_pack):
            self._write(script, f"embedded/{script.name}.j2", python)

    def _write(self, path: Path, template: str, python: Path, hook: Path | None = None) -> None:
        values = {"root": self.root, "hooks": self.hooks, "python": python, "hook": hook or ""}
        quoted = {name: shlex.quote(str(value)) for name, value in values.items()}
        write(File(path, render(template, **quoted), 0o755))
