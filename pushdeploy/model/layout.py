"""Where everything of ours lies on disk. Paths only; nothing here touches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DESTROYED = ".destroyed-"
"""What the folder's name of an app that is being destroyed begins with."""


@dataclass(frozen=True, slots=True)
class ReleaseLayout:
    """The folder of one release: `releases/v12`, or the `.new-12` that it is made in."""

    root: Path

    @property
    def code(self) -> Path:
        """Link to the slug."""
        return self.root / "code"

    @property
    def venv(self) -> Path:
        """Link to the venv."""
        return self.root / "venv"

    @property
    def run(self) -> Path:
        """Link to the folder of the release's sockets, which is gone after a reboot."""
        return self.root / "run"

    @property
    def environment(self) -> Path:
        """The app's config vars, shell-quoted."""
        return self.root / "environment"

    @property
    def record(self) -> Path:
        """`release.json`: what, who, when, from which commit."""
        return self.root / "release.json"

    def start(self, process_type: str) -> Path:
        """The script that starts one process type."""
        return self.root / "start" / process_type


@dataclass(frozen=True, slots=True)
class AppLayout:
    """The folders of one app."""

    name: str
    root: Path
    run: Path
    log: Path

    @property
    def destroyed(self) -> Path:
        """What the root is renamed to when the app is destroyed; there until nothing else is."""
        return self.root.with_name(f"{DESTROYED}{self.name}")

    @property
    def settings(self) -> Path:
        """Our settings for the app, TOML."""
        return self.root / "settings.toml"

    @property
    def repo(self) -> Path:
        """The bare repo that is pushed to."""
        return self.root / "repo.git"

    @property
    def slugs(self) -> Path:
        """Checked-out trees, one folder a key."""
        return self.root / "slugs"

    @property
    def venvs(self) -> Path:
        """Virtual environments, one folder a key."""
        return self.root / "venvs"

    @property
    def build_cache(self) -> Path:
        """The home of this app's builds; no other app reads it."""
        return self.root / "cache"

    @property
    def verified_cache(self) -> Path:
        """Wheels as they were downloaded. No package's code ever runs where this can be written."""
        return self.build_cache / "verified"

    @property
    def build_work(self) -> Path:
        """All that a build which runs packages' code may write beside its venv; then deleted."""
        return self.root / "build"

    @property
    def home(self) -> Path:
        """The app's private `HOME`."""
        return self.root / "home"

    @property
    def shared(self) -> Path:
        """Storage: what must survive a deploy."""
        return self.root / "shared"

    @property
    def releases(self) -> Path:
        """One folder a release, and nothing else but unfinished `.new-*` ones."""
        return self.root / "releases"

    @property
    def current(self) -> Path:
        """The one truth about what is live: a link to `releases/vN`."""
        return self.root / "current"

    @property
    def previous(self) -> Path:
        """A link to the release that was live before; nginx looks there for static files."""
        return self.root / "previous"

    @property
    def attempts(self) -> Path:
        """The tries, JSON lines; old ones lie in the archive."""
        return self.root / "attempts.jsonl"

    @property
    def attempts_archive(self) -> Path:
        """Old tries that nothing but a long list asks for."""
        return self.root / "attempts.old.jsonl"

    @property
    def history(self) -> Path:
        """Every change of what is live, JSON lines."""
        return self.root / "history.jsonl"

    @property
    def history_archive(self) -> Path:
        """The history as it was when lines that say nothing any more were taken out."""
        return self.root / "history.old.jsonl"

    @property
    def pending_environment(self) -> Path:
        """Config vars that were set before the first release."""
        return self.root / "environment"

    @property
    def lock(self) -> Path:
        """Held by flock during a deploy; never deleted."""
        return self.root / "lock"

    @property
    def live_socket(self) -> Path:
        """Where nginx and the front connect: follows `current`."""
        return self.current / "run" / "web.sock"

    def release(self, number: int) -> ReleaseLayout:
        """The folder of release `number`."""
        return ReleaseLayout(self.releases / f"v{number}")

    def sockets(self, number: int) -> Path:
        """The folder of the sockets of release `number`."""
        return self.run / f"v{number}"

    def web_socket(self, number: int) -> Path:
        """The unix socket on which the web process of release `number` listens."""
        return self.sockets(number) / "web.sock"

    def attempt_log(self, attempt: int) -> Path:
        """The events of one attempt, JSON lines."""
        return self.log / f"{attempt}.jsonl"


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of the whole tool on one machine."""

    settings: Path
    state: Path
    run: Path
    log: Path

    @property
    def apps(self) -> Path:
        """One folder an app."""
        return self.state / "apps"

    @property
    def first_pushes(self) -> Path:
        """The receiver's own: the repos of pushes to apps that are not there yet."""
        return self.state / "first-pushes"

    @property
    def login_home(self) -> Path:
        """The home of `deploy`, on a server: root's and empty, since a login obeys files in it."""
        return self.state / "home"

    @property
    def accounts(self) -> Path:
        """Which users we made, on a server: a file a machine."""
        return self.state / "accounts"

    @property
    def engine_socket(self) -> Path:
        """Where the engine listens, on a server."""
        return self.run / "engine.sock"

    @property
    def root_socket(self) -> Path:
        """Where the engine listens for root alone."""
        return self.run / "root.sock"

    @property
    def callers(self) -> Path:
        """A file for each user who asks, of whose requests so many go on at once."""
        return self.run / "callers"

    @property
    def sessions(self) -> Path:
        """The same for each ssh key, of whose sessions so many go on at once."""
        return self.state / "sessions"

    @property
    def keys(self) -> Path:
        """The ssh keys that may push: a file in sshd's `authorized_keys` format."""
        return self.settings / "keys" / "authorized_keys"

    def app(self, name: str) -> AppLayout:
        """The folders of the app `name`."""
        return AppLayout(name, self.apps / name, self.run / name, self.log / name)


SERVER = Layout(
    settings=Path("/etc/pushdeploy"),
    state=Path("/var/lib/pushdeploy"),
    run=Path("/run/pushdeploy"),
    log=Path("/var/log/pushdeploy"),
)


def embedded(root: Path, run: Path) -> Layout:
    """The same tree under one folder.

    Args:
        root: absolute; everything that lasts.
        run: absolute and short, for sockets: `sun_path` is 108 bytes (unix(7)).
    """
    return Layout(settings=root / "settings", state=root, run=run, log=root / "log")
