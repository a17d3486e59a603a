"""Where everything of ours lies on disk. Paths only; nothing here touches the disk.

An app's own are in `app_layout.py`, and those of single rooms in `room_layouts.py`: no two places
can say the same path differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pushdeploy.model.app_layout import ADDRESSES, SETTINGS, AppLayout
from pushdeploy.model.room_layouts import BackupLayout, NoticeLayout, ProxyLayout


def holder_of(lock: Path) -> Path:
    """Where the details of who holds a lock lie: beside it."""
    return lock.with_name(f"{lock.name}.holder")


def keys_lock(keys: Path) -> Path:
    """The lock of the file of ssh keys: beside it."""
    return keys.with_name(".lock")


REDIS_SOCKETS = Path("/run/pushdeploy-redis")
"""A folder for each app that has a Redis, gone after a reboot."""


def redis_socket(app: str) -> Path:
    """Where the app's Redis listens, in a folder that its own user alone can enter."""
    return REDIS_SOCKETS / app / "redis.sock"


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
