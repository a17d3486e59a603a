"""The developer's laptop: this machine, with a home and a key of its own, and ssh to the host."""

import shlex
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.host import processes
from tests.host.host import Host

SSH = """\
Host server
  HostName 127.0.0.1
  User deploy
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile {home}/known_hosts
  StrictHostKeyChecking accept-new
  BatchMode yes
  LogLevel ERROR
"""

GIT = """\
[user]
  name = Ada
  email = ada@example.org
[init]
  defaultBranch = main
[advice]
  detachedHead = false
"""

REMOTE = "production"
PUSH_SECONDS = max(300.0, processes.TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True)
class App:
    """A repository on the laptop whose remote `production` is the host."""

    name: str
    folder: Path

    def write(self, path: str, text: str) -> None:
        """Make or replace a file in the working tree."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@dataclass(frozen=True, slots=True)
class Push:
    """What the developer saw of one `git push`."""

    exit_status: int
    output: str
    seconds: float


def make_key(path: Path) -> None:
    """Make an ssh key, with its public half beside it in `.pub`."""
    processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(path)])


class Laptop:
    """Whoever pushes."""

    def __init__(self, host: Host, home: Path, key: Path | None = None) -> None:
        """Make the home, with settings for git and ssh, and a new key unless one is given."""
        self.host = host
        self.home = home
        self.key = key or home / "id_ed25519"
        home.mkdir(parents=True, exist_ok=True)
        if key is None:
            make_key(self.key)
        (home / "ssh_config").write_text(SSH.format(key=self.key, home=home))
        (home / ".gitconfig").write_text(GIT)

    @property
    def public_key(self) -> str:
        """The line for an authorized_keys file."""
        return self.key.with_suffix(".pub").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """What git runs with; ssh is in the host's network, where 127.0.0.1 is the host."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": shlex.join(self._ssh),
        }

    @property
    def _ssh(self) -> list[str]:
        network = f"--net=/proc/{self.host.pid}/ns/net"
        return ["nsenter", network, "ssh", "-F", str(self.home / "ssh_config")]

    def ssh_argv(self, *options: str, command: str | None = None) -> list[str]:
        """The command line of ssh as `deploy`, for who starts it with `environment`."""
        return [*self._ssh, *options, "server", *([] if command is None else [command])]

    def ssh(
        self, command: str, *, user: str = "deploy", stdin: str = "", check: bool = False
    ) -> processes.Result:
        """Run one command line on the host over ssh."""
        argv = [*self._ssh, "-l", user, "server", command]
        return processes.run(argv, env=self.environment, stdin=stdin, check=check)

    def git(self, app: App, *arguments: str, check: bool = True) -> processes.Result:
        """Run git in the app's folder."""
        argv = ["git", *arguments]
        return processes.run(argv, env=self.environment, cwd=app.folder, check=check)

    def new_app(self, name: str, files: Mapping[str, str], *, user: str = "deploy") -> App:
        """A repository with one commit of these files; its remote is `deploy@server:blog`."""
        app = App(name, self.home / name)
        app.folder.mkdir()
        self.git(app, "init", "--quiet")
        self.git(app, "remote", "add", REMOTE, f"{user}@server:{name}")
        self.commit(app, files)
        return app

    def commit(self, app: App, files: Mapping[str, str], message: str = "Change") -> str:
        """Write the files and commit the whole working tree; returns the commit's id."""
        for path, text in files.items():
            app.write(path, text)
        self.git(app, "add", "--all")
        self.git(app, "commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git(app, "rev-parse", "HEAD").stdout.strip()

    def push(self, app: App, ref: str = "main", *, timeout: float = PUSH_SECONDS) -> Push:
        """`git push production main`, to its end."""
        begun = time.monotonic()
        result = processes.run(
            ["git", "push", REMOTE, ref],
            env=self.environment,
            cwd=app.folder,
            check=False,
            joined=True,
            timeout=timeout,
        )
        return Push(result.returncode, result.stdout, time.monotonic() - begun)

    def start_push(self, app: App, ref: str = "main") -> subprocess.Popen[str]:
        """A push in a process group of its own, to be stopped or killed with `os.killpg`."""
        argv = ["git", "push", REMOTE, ref]
        return processes.start(argv, env=self.environment, cwd=app.folder, joined=True)
