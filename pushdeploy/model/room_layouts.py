"""Where the proxy, backups and notices keep what is theirs. Paths only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


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

    @property
    def redis(self) -> Path:
        """What a Redis held at one moment, as it saves itself (BGSAVE)."""
        return self.root / "redis.rdb"


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
    def list_environment(self) -> Path:
        """The same while it lists backups."""
        return self.state / "list-environment"

    @property
    def list_lock(self) -> Path:
        """Held while backups are listed, which a backup that is being made does not hold up."""
        return self.state / "list.lock"

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
    def needs(self) -> Path:
        """What the apps in it need of a server."""
        return self.set_server / "needs.json"

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
