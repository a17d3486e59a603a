"""Where everything of one app lies on disk. Paths only; nothing here touches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DESTROYED = ".destroyed-"
"""What the folder's name of an app that is being destroyed begins with."""

NEW, OLD = ".new-", ".old-"
"""What the name begins with of what is being made, and of what is being deleted."""

COMPLETE = ".complete"
"""Written and synced last into a venv or a version of the tool: without it neither counts."""

SETTINGS = "settings.toml"
"""Of an app, in its folder; of the server, in `/etc/pushdeploy`."""

ADDRESSES = "notify.toml"
"""Where notices go; in the same folders."""


WEB_SOCKET = "web.sock"
"""On which a web process listens, in the folder of its release's sockets."""

WEB_SOCKETS = f"*/v*/{WEB_SOCKET}"
"""All of them, below the folder of all apps' sockets."""

BRIDGE_PORTS = "*/v*.port"
"""All ports that were given, below the same."""

ATTEMPT_LOGS = "[0-9]*.jsonl"
"""All of an app's, in its folder of logs."""

EXPORTER = "exporter-"
"""How the names of venvs begin in which a tool reads its own lock, beside those of releases."""

EXPORTERS = f"{EXPORTER}*/{COMPLETE}"
"""All that are complete, in an app's folder of venvs."""


@dataclass(frozen=True, slots=True)
class ReleaseLayout:
    """The folder of one release: `releases/v12`, or the `.new-12` that it is made in."""

    root: Path

    @property
    def code(self) -> Path:
        """Link to the slug."""
        return self.root / "code"

    @property
    def source(self) -> Path:
        """Link to the slug as it was checked out, when build steps have made another of it."""
        return self.root / "source"

    @property
    def begun(self) -> Path:
        """The same, when `bin/pre_compile` has made `source` of it."""
        return self.root / "begun"

    @property
    def public(self) -> Path:
        """What nginx serves beside the default: `public/static` is a link into the slug."""
        return self.root / "public"

    @property
    def venv(self) -> Path:
        """Link to the venv."""
        return self.root / "venv"

    @property
    def venv_complete(self) -> Path:
        """There when the venv counts."""
        return self.venv / COMPLETE

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

    @property
    def starts(self) -> Path:
        """The folder of the scripts that start each process type."""
        return self.root / "start"

    def start(self, process_type: str) -> Path:
        """The script that starts one process type."""
        return self.starts / process_type


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
        return self.root / SETTINGS

    @property
    def addresses(self) -> Path:
        """Where notices about the app go, TOML; URLs hold secrets."""
        return self.root / ADDRESSES

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
    def seed(self) -> Path:
        """Which venv the next one may begin with (`model/seed.py`)."""
        return self.root / "seed.json"

    @property
    def build_cache(self) -> Path:
        """The home of this app's builds; no other app reads it."""
        return self.root / "cache"

    @property
    def verified_cache(self) -> Path:
        """Wheels as they were downloaded. No package's code ever runs where this can be written."""
        return self.build_cache / "verified"

    @property
    def conda_cache(self) -> Path:
        """Packages of conda as they were downloaded, and what channels have; the same is true."""
        return self.build_cache / "conda"

    @property
    def build_work(self) -> Path:
        """All that a build which runs packages' code may write beside its venv; then deleted."""
        return self.root / "build"

    @property
    def exported(self) -> Path:
        """What another tool than uv has written of its lock, and that tool's `HOME`; deleted."""
        return self.root / "exported"

    @property
    def step_work(self) -> Path:
        """The home of an app's build steps, of one push alone; then deleted."""
        return self.root / "steps"

    @property
    def home(self) -> Path:
        """The app's private `HOME`."""
        return self.root / "home"

    @property
    def shared(self) -> Path:
        """Storage: what must survive a deploy."""
        return self.root / "shared"

    @property
    def dumps(self) -> Path:
        """Of a restored app: its databases, and what makes it live, until they are back."""
        return self.root / "dumps"

    @property
    def copies(self) -> Path:
        """Where the app's user writes copies of its SQLite files for a backup; then deleted."""
        return self.root / "copies"

    @property
    def redis(self) -> Path:
        """What its Redis keeps, of an app that has one."""
        return self.root / "redis"

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
    def cron(self) -> Path:
        """A file for each job that runs by the clock: how its last runs ended."""
        return self.root / "cron"

    def cron_lock(self, job: str) -> Path:
        """Held while somebody runs the job by hand."""
        return self.cron / f".{job}.lock"

    @property
    def lock(self) -> Path:
        """Held by flock during a deploy; never deleted."""
        return self.root / "lock"

    @property
    def maintenance(self) -> Path:
        """The page that nginx shows instead of the app, while it is there."""
        return self.root / "maintenance.html"

    @property
    def live(self) -> ReleaseLayout:
        """The live release, by the link: whatever is live at that moment."""
        return ReleaseLayout(self.current)

    @property
    def live_socket(self) -> Path:
        """Where nginx and the front connect: follows `current`."""
        return self.live.run / WEB_SOCKET

    def release(self, number: int) -> ReleaseLayout:
        """The folder of release `number`."""
        return ReleaseLayout(self.releases / f"v{number}")

    def new_release(self, number: int) -> ReleaseLayout:
        """Where release `number` is made."""
        return ReleaseLayout(self.releases / f"{NEW}{number}")

    def bridge_port(self, number: int) -> Path:
        """Which port release `number` was given, when its web process listens on one."""
        return self.run / f"v{number}.port"

    def sockets(self, number: int) -> Path:
        """The folder of the sockets of release `number`."""
        return self.run / f"v{number}"

    def web_socket(self, number: int) -> Path:
        """The unix socket on which the web process of release `number` listens."""
        return self.sockets(number) / WEB_SOCKET

    def attempt_log(self, attempt: int) -> Path:
        """The events of one attempt, JSON lines."""
        return self.log / f"{attempt}.jsonl"
