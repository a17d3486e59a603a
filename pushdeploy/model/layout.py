"""Where everything of ours lies on disk. Paths only; nothing here touches the disk.

One file although a long one: whoever looks for a path, or for what else lies in a folder, looks in
one place, and no two places can say the same path differently.
"""

from __future__ import annotations

from dataclasses import dataclass
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


def holder_of(lock: Path) -> Path:
    """Where the details of who holds a lock lie: beside it."""
    return lock.with_name(f"{lock.name}.holder")


def keys_lock(keys: Path) -> Path:
    """The lock of the file of ssh keys: beside it."""
    return keys.with_name(".lock")


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


REDIS_SOCKETS = Path("/run/pushdeploy-redis")
"""A folder for each app that has a Redis, gone after a reboot."""


def redis_socket(app: str) -> Path:
    """Where the app's Redis listens, in a folder that its own user alone can enter."""
    return REDIS_SOCKETS / app / "redis.sock"


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


@dataclass(frozen=True, slots=True)
class DatabaseDumps:
    """A folder with dumps of one app's databases."""

    root: Path

    @property
    def postgres(self) -> Path:
        """In PostgreSQL's custom format (pg_dump(1))."""
        return self.root / "postgres.dump"

    @property
    def mysql(self) -> Path:
        """SQL (mariadb-dump(1))."""
        return self.root / "mysql.sql"


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
        """The git user's own: the repos of pushes to apps that are not there yet."""
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
    def pythons(self) -> Path:
        """The Pythons that were fetched, each in a folder of its own."""
        return self.state / "pythons"

    @property
    def pythons_lock(self) -> Path:
        """Held while one is fetched."""
        return self.state / "pythons.lock"

    @property
    def engine_socket(self) -> Path:
        """Where the engine listens, on a server."""
        return self.run / "engine.sock"

    @property
    def engine_log(self) -> Path:
        """What the engine of embedded mode wrote of itself; a server has the journal."""
        return self.log / "engine.log"

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

    @property
    def server_settings(self) -> Path:
        """Our settings for the whole server, TOML."""
        return self.settings / SETTINGS

    @property
    def own_certificates(self) -> Path:
        """Certificates that were given to us: a file an app, with its key."""
        return self.settings / "certs"

    def own_certificate(self, app: str) -> Path:
        """The one that was given to us for an app."""
        return self.own_certificates / f"{app}.pem"

    @property
    def proxy(self) -> ProxyLayout:
        """What nginx needs of us."""
        return ProxyLayout(self.state)

    @property
    def apps_lock(self) -> Path:
        """Held while it changes which apps there are, or how they are served."""
        return self.state / "apps.lock"

    @property
    def certificates_lock(self) -> Path:
        """Held while certificates change."""
        return self.state / "certs.lock"

    @property
    def settings_lock(self) -> Path:
        """Held while the server's settings change."""
        return self.state / "settings.lock"

    @property
    def kept_in(self) -> Path:
        """Exists while the kernel keeps other machines from the ports of web processes."""
        return self.run / "kept-in"

    @property
    def ports_lock(self) -> Path:
        """Held while a release is given a port."""
        return self.run / "ports.lock"

    @property
    def backup(self) -> BackupLayout:
        """What backups need."""
        return BackupLayout(self.settings / "backup", self.state / "backup")

    @property
    def notices(self) -> NoticeLayout:
        """What notices need."""
        return NoticeLayout(
            self.settings / ADDRESSES, self.state / "notices", self.run / ".notices"
        )

    def app(self, name: str) -> AppLayout:
        """The folders of the app `name`."""
        return AppLayout(name, self.apps / name, self.run / name, self.log / name)


@dataclass(frozen=True, slots=True)
class NoticeLayout:
    """What notices need: where they go, and what was told. Root's alone."""

    addresses: Path
    """Where those about any app and the server go, TOML; URLs hold secrets."""
    state: Path
    run: Path
    """No app has that name."""

    @property
    def memory(self) -> Path:
        """What was told, and what waits."""
        return self.state / "memory.json"

    @property
    def memory_aside(self) -> Path:
        """The same, while the disk is full; gone after a reboot."""
        return self.run / "memory.json"

    @property
    def lock(self) -> Path:
        """Held while somebody looks and tells."""
        return self.run / "lock"

    @property
    def wake(self) -> Path:
        """While it is there, systemd starts who looks and tells."""
        return self.run / "wake"

    @property
    def seen(self) -> Path:
        """What the watchdog saw when all was told; its time is that of the next look."""
        return self.run / "seen"


@dataclass(frozen=True, slots=True)
class BackupLayout:
    """What backups need: what was said of them, and where they are put together. Root's alone."""

    said: Path
    state: Path

    @property
    def settings(self) -> Path:
        """Where they go, with credentials."""
        return self.said / SETTINGS

    @property
    def password(self) -> Path:
        """The repository's: without it nothing can be restored."""
        return self.said / "password"

    @property
    def ssh_key(self) -> Path:
        """With which the server logs in where backups go by sftp."""
        return self.said / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The keys of those hosts."""
        return self.said / "known_hosts"

    @property
    def environment(self) -> Path:
        """What restic is told; there while it runs."""
        return self.state / "environment"

    @property
    def last(self) -> Path:
        """How the last tries ended."""
        return self.state / "last.json"

    @property
    def lock(self) -> Path:
        """Held while a backup is made, restored, checked or deleted."""
        return self.state / "backup.lock"

    @property
    def cache(self) -> Path:
        """Restic's own; may be deleted."""
        return self.state / "cache"

    @property
    def set(self) -> Path:
        """All that a backup holds, put together by second names of files; always at this place."""
        return self.state / "set"

    @property
    def set_apps(self) -> Path:
        """The apps in it."""
        return self.set / "apps"

    @property
    def set_server(self) -> Path:
        """What concerns all apps."""
        return self.set / "server"

    @property
    def restored(self) -> Path:
        """What comes out of a backup, before it is moved to its place."""
        return self.state / "restored"


@dataclass(frozen=True, slots=True)
class ProxyLayout:
    """What nginx needs of us beside its own files, and what we note of it."""

    state: Path

    @property
    def acme(self) -> Path:
        """Answers to an ACME server lie below it."""
        return self.state / "acme"

    @property
    def pages(self) -> Path:
        """Pages that are the same for all apps."""
        return self.state / "pages"

    @property
    def down(self) -> Path:
        """What is shown while an app does not answer."""
        return self.pages / "down.html"

    @property
    def refusing(self) -> Path:
        """The folder of the certificate for names that nobody has."""
        return self.state / "refusing"

    @property
    def refusing_chain(self) -> Path:
        """The certificate itself."""
        return self.refusing / "chain.pem"

    @property
    def refusing_key(self) -> Path:
        """Its key."""
        return self.refusing / "key.pem"

    @property
    def loaded(self) -> Path:
        """A digest of the files that nginx runs with."""
        return self.state / "nginx-loaded"

    @property
    def welcome(self) -> Path:
        """Where the link led that we took away."""
        return self.state / "nginx-welcome"

    @property
    def lock(self) -> Path:
        """Held while our files in nginx's folder change."""
        return self.state / "nginx.lock"


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
