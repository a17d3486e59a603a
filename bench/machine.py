"""The server that is measured: a Debian with pushdeploy, and a laptop that pushes to it."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.subject import Subject
from tests.host import checkout, processes
from tests.host.host import Host
from tests.host.laptop import App, Laptop, make_key

HERE = Path(__file__).resolve().parent
GUEST = "/srv/bench"
APP = "blog"
PORT = 8000
"""The app's own address, past nginx; the next app has the next one."""

NGINX_PORT = 80
"""nginx, which answers with the first app whoever is asked for."""

APPS = "/var/lib/pushdeploy/apps"

# A user's first login starts his service manager; logging out ends it after this long, not 10 s, so
# that every push is a first one, as after a pause.
LOGOUT = "[Login]\nUserStopDelaySec=0\n"

QUIET_SECONDS = 60.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Machine:
    """The server, the laptop, and the repo on the laptop that all sides are pushed from."""

    host: Host
    laptop: Laptop
    app: App
    subject: Subject
    versions: Iterator[int]

    @property
    def name(self) -> str:
        """The app's name."""
        return self.app.name

    @property
    def root(self) -> str:
        """Where pushdeploy keeps the app."""
        return f"{APPS}/{self.name}"

    def beside(self, name: str, files: Mapping[str, str]) -> "Machine":
        """The same server and laptop, with another app that is not pushed yet."""
        app = self.laptop.new_app(name, files)
        return Machine(self.host, self.laptop, app, self.subject, count(2))

    @property
    def live(self) -> str:
        """The live release: `v3`."""
        return self.host.run("readlink", f"{self.root}/current").stdout.strip().split("/")[-1]

    def commit(self, files: Mapping[str, str] | None = None) -> int:
        """Commit a new version of the code, and these files; returns its number."""
        version = next(self.versions)
        self.laptop.commit(self.app, {"VERSION": f"{version}\n", **(files or {})}, f"V. {version}")
        return version

    def calm_down(self) -> None:
        """Wait until nothing of ours works any more and nobody is logged in."""
        end = time.monotonic() + QUIET_SECONDS
        while self._busy() and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)

    def _busy(self) -> bool:
        units = ("pushdeploy.engine@*.service", "user@*.service", "session-*.scope")
        listed = self.host.run(
            *("systemctl", "list-units", "--plain", "--no-legend"),
            *("--state=active,activating,deactivating", *units),
        )
        return bool(listed.stdout.strip())

    def timed(self, *program: str, user: str | None = None) -> processes.Result:
        """Run a program on the server by `guest/timed.py`."""
        becoming = ("--user", user) if user else ()
        return self.host.run(
            "/usr/bin/python3", f"{GUEST}/timed.py", *becoming, *program, check=False
        )


@contextmanager
def booted(suite: str, subject: Subject) -> Iterator[Machine]:
    """Boot a server, install pushdeploy by its installer, and remove it at the end."""
    with _folder() as folder, Host.boot(suite, "bench") as host:
        key = _install(host, folder)
        laptop = Laptop(host, folder / "laptop", key)
        yield Machine(host, laptop, laptop.new_app(APP, subject.files()), subject, count(2))


@dataclass(frozen=True, slots=True)
class Frozen:
    """The disk of a server on which the installer has been run, to boot several from."""

    suite: str
    disk: Sequence[Path]
    key: Path
    folder: Path

    @contextmanager
    def booted(self, name: str, subject: Subject, files: Mapping[str, str]) -> Iterator[Machine]:
        """Boot a server from it; the app is the subject with these files in it."""
        with Host.boot(self.suite, name, self.disk) as host:
            laptop = Laptop(host, self.folder / name, self.key)
            app = laptop.new_app(APP, {**subject.files(), **files})
            yield Machine(host, laptop, app, subject, count(2))
            shutil.rmtree(laptop.home)


@contextmanager
def frozen(suite: str) -> Iterator[Frozen]:
    """Install once."""
    with _folder() as folder, Host.boot(suite, "bench") as host:
        key = _install(host, folder)
        yield Frozen(suite, host.freeze(), key, folder)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pushdeploy-bench-") as folder:
        yield Path(folder)


def _install(host: Host, folder: Path) -> Path:
    """Run the installer; returns the key that may push."""
    key = folder / "id_ed25519"
    make_key(key)
    checkout.install(host, APP, key)
    host.copy_in(HERE / "guest", GUEST)
    host.write("/etc/systemd/logind.conf.d/bench.conf", LOGOUT)
    host.run("systemctl", "restart", "systemd-logind")
    return key


def load_average() -> str:
    """How busy the outer machine is: 1, 5 and 15 minutes."""
    return ", ".join(f"{one:.2f}" for one in os.getloadavg())
