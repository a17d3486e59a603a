"""A Debian server that the tests own: booted by systemd, reached by nsenter, without a network."""

import io
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.host import image, namespaces, processes, wheelhouse
from tests.host.container import Container

WHEELS = "/srv/wheels"

# DNS is a file: it answers at once that there is no such name. `hosts: files dns` gets no answer.
NAMES = "passwd: files systemd\ngroup: files systemd\nshadow: files systemd\n"

# The outer machine's name and name server are not the host's; Python packages come from a folder.
FILES = {
    "etc/hostname": "server\n",
    "etc/hosts": "127.0.0.1 localhost server\n::1 localhost\n",
    "etc/resolv.conf": "",
    "etc/nsswitch.conf": f"{NAMES}hosts: files\n",
    "etc/pip.conf": f"[global]\nno-index = true\nfind-links = {WHEELS}\n",
    "etc/uv/uv.toml": f'no-index = true\nfind-links = ["{WHEELS}"]\n',
}

# These would ask a network too, at an hour of their own choice.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer")

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}

# Becomes the user named first, with that user's home, and runs the rest.
AS_USER = (
    'HOME=$(getent passwd "$1" | cut -d: -f6) && export HOME && '  # runuser leaves HOME as it is
    'user=$1 && shift && exec runuser -u "$user" -- "$@"'
)

BOOT_SECONDS = 240.0
FINISHED = ("running", "degraded")


class Host:
    """One server; `with Host.boot(...)` removes it at the end."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.pid = 0

    @classmethod
    def boot(
        cls,
        suite: str,
        name: str = "host",
        disk: Sequence[Path] = (),
        folders: Mapping[Path, str] | None = None,
    ) -> Self:
        """Boot a throw-away server, of a Debian suite or of a disk that `freeze` gave.

        Returns when all its units have started, or failed to. It reads further `folders` of the
        outer machine too, each at its inner path.
        """
        read_only = {wheelhouse.build(suite): WHEELS, **(folders or {})}
        layers = disk or [image.build(suite)]
        host = cls(Container(layers, f"{name}-{suite}", read_only))
        try:
            if not disk:
                _prepare(host.container.root)
            host.power_on()
        except BaseException:
            host.close()
            raise
        return host

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the server with its disk."""
        self.container.remove()

    # Power

    def power_on(self) -> None:
        """Start it and wait until all units have started, or failed to."""
        self.pid = self.container.start()
        deadline = time.monotonic() + BOOT_SECONDS
        while self.state() not in FINISHED:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The host did not boot:\n{self.container.console}")
            time.sleep(0.05)

    def state(self) -> str:
        """What systemd says of the whole host, after it has finished to boot: `running`."""
        answer = self.run("systemctl", "is-system-running", "--wait", check=False)
        return answer.stdout.strip()

    def reboot(self) -> None:
        """Restart it in order, and wait until it is up again."""
        self.run("systemctl", "reboot", check=False)  # may be cut off by its own success
        self.container.stopped()
        self.power_on()

    def freeze(self) -> Sequence[Path]:
        """Shut it down for good; returns its disk, to boot others from while this one is open."""
        self.run("systemctl", "poweroff", check=False)
        self.container.stopped()
        return self.container.freeze()

    def kill_power(self) -> None:
        """End all its processes at once; `power_on` boots it again.

        What was written but not synced is still there: the outer machine's page cache lives on.
        """
        self.container.kill()

    # Programs

    def argv(
        self, *argv: str, user: str | None = None, env: Mapping[str, str] | None = None
    ) -> list[str]:
        """The outer command line that runs this command line on the host."""
        variables = [f"{key}={value}" for key, value in {**ENVIRONMENT, **(env or {})}.items()]
        becoming = ["sh", "-c", AS_USER, "sh", user] if user else []
        enter = ["nsenter", f"--target={self.pid}", "--all", "--"]
        return [*enter, "env", "--ignore-environment", *variables, *becoming, *argv]

    def run(
        self,
        *argv: str,
        check: bool = True,
        user: str | None = None,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float = processes.TIMEOUT_SECONDS,
    ) -> processes.Result:
        """Run a program on the host to its end, as root or as the user."""
        return processes.run(
            self.argv(*argv, user=user, env=env), check=check, stdin=stdin, timeout=timeout
        )

    def start(
        self, *argv: str, user: str | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a program on the host; `processes.end` ends it."""
        return processes.start(self.argv(*argv, user=user, env=env), joined=True)

    def connect(self, address: tuple[str, int] | str, timeout: float = 10.0) -> socket.socket:
        """A socket connected on the host, to ("127.0.0.1", 80) or to a unix socket's path."""
        return namespaces.connect(self.pid, address, timeout)

    # Files

    def exists(self, path: str) -> bool:
        """True when the path leads to something; a link to nothing does not exist."""
        return self.run("test", "-e", path, check=False).returncode == 0

    def read(self, path: str) -> str:
        """The text of a file on the host."""
        return self.run("cat", "--", path).stdout

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """Make, or replace, a file of root's with this text, and the folders above it."""
        self.run("install", "-D", f"--mode={mode}", "/dev/stdin", path, stdin=text)

    def copy_in(self, source: Path, target: str, only: Iterable[str] | None = None) -> None:
        """Copy a folder of the outer machine, or only some paths in it, to a folder of root's."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path in ["."] if only is None else only:
                tar.add(source / path, arcname=path, filter=_owned_by_root)
        self.run("mkdir", "--parents", target)
        unpack = self.argv("tar", "--extract", f"--directory={target}")
        subprocess.run(unpack, input=archive.getvalue(), check=True)


def _prepare(root: Path) -> None:
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    for unit in MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
