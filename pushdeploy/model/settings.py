"""`settings` are ours, not the app's: the port, the deploy branch, formation, storage."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pushdeploy.errors import PushdeployError, RefusedInputError
from pushdeploy.model.database import REDIS_MEMORY, SQL_CONNECTIONS, Database
from pushdeploy.model.formation import AUTOMATIC, Formation
from pushdeploy.model.ports import FRONTS
from pushdeploy.model.repo_settings import parse_root
from pushdeploy.model.site_settings import SiteSettings
from pushdeploy.model.static_mount import StaticMount, parse_static_mount

FIRST_PORT = FRONTS[0]
LAST_PORT = FRONTS[-1]

WARM_SECONDS = 600
"""How long the old web process is kept running after a switch."""


class CertificateKind(StrEnum):
    """Where an app's certificate comes from."""

    NONE = ""
    AUTO = "auto"
    """Let's Encrypt, or another ACME server, by certbot."""
    OWN = "own"
    """Given by `certs:add`."""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """`settings.toml` of one app."""

    port: int
    branch: str = ""
    """The deploy branch; empty until the first push sets it."""
    formation: Formation = field(default_factory=Formation)
    root: str = ""
    """The folder of the repo that becomes the release; empty for what the repo says."""
    storage: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    static: tuple[StaticMount, ...] = ()
    """Mounts beside `/static`."""
    site: SiteSettings = field(default_factory=SiteSettings)
    certificate: CertificateKind = CertificateKind.NONE
    certified: tuple[str, ...] = ()
    """The domains that there were when the certificate was taken up."""
    warm: int = WARM_SECONDS
    """Seconds; 0 stops the old web process as soon as it has drained."""
    databases: tuple[Database, ...] = ()
    """What it has on the same server."""
    system_packages: bool = False
    """Its pushes may install what its Aptfile names; root alone says so."""
    sql_connections: int = SQL_CONNECTIONS
    """To each of its PostgreSQL and MariaDB databases."""
    redis_memory: int = REDIS_MEMORY
    """MiB that its Redis may fill."""
    watchdog: bool = True
    """A web process that answers nothing any more is restarted."""
    suspended: tuple[str, ...] = ()
    """Names of jobs that don't run by the clock, whatever the live release says."""

    @property
    def known_as(self) -> str:
        """The `Host` header of our own requests: the first domain that is one, else `localhost`."""
        return next((domain for domain in self.domains if domain[0] != "*"), "localhost")

    def with_site_of(self, other: AppSettings) -> AppSettings:
        """A copy that nginx serves as the other; what a deploy changes stays."""
        return self.changed(
            domains=other.domains,
            static=other.static,
            site=other.site,
            certificate=other.certificate,
            certified=other.certified,
        )

    def changed(self, **values: object) -> AppSettings:
        """A copy with other values."""
        return replace(self, **values)  # type: ignore[arg-type]


def render_settings(settings: AppSettings) -> str:
    """TOML."""
    import tomli_w

    return tomli_w.dumps(
        {
            "port": settings.port,
            "branch": settings.branch,
            "warm": settings.warm,
            "watchdog": settings.watchdog,
            **({"root": settings.root} if settings.root else {}),
            **({"system_packages": True} if settings.system_packages else {}),
            **({"databases": list(map(str, settings.databases))} if settings.databases else {}),
            **({"suspended": list(settings.suspended)} if settings.suspended else {}),
            **_unless(SQL_CONNECTIONS, "sql_connections", settings.sql_connections),
            **_unless(REDIS_MEMORY, "redis_memory", settings.redis_memory),
            "storage": list(settings.storage),
            "domains": list(settings.domains),
            "certificate": str(settings.certificate),
            "certified": list(settings.certified),
            "static": {mount.url: mount.folder for mount in settings.static},
            "nginx": dict(settings.site.values),
            "formation": {
                name: AUTOMATIC if quantity is None else quantity
                for name, quantity in settings.formation.quantities.items()
            },
        }
    )


def _unless(usual: int, name: str, value: int) -> dict[str, int]:
    return {} if value == usual else {name: value}


def parse_settings(text: str) -> AppSettings:
    """The inverse.

    Raises:
        RefusedInputError: the text is not TOML, or a value has the wrong type.
    """
    try:
        table = tomllib.loads(text)
        return AppSettings(
            port=int(table["port"]),
            branch=str(table.get("branch", "")),
            formation=Formation(
                {
                    name: None if quantity == AUTOMATIC else int(quantity)
                    for name, quantity in table.get("formation", {}).items()
                }
            ),
            root=parse_root(str(table.get("root", ""))),
            databases=tuple(Database(one) for one in table.get("databases", [])),
            sql_connections=int(table.get("sql_connections", SQL_CONNECTIONS)),
            redis_memory=int(table.get("redis_memory", REDIS_MEMORY)),
            storage=tuple(str(folder) for folder in table.get("storage", [])),
            domains=tuple(str(domain) for domain in table.get("domains", [])),
            static=tuple(
                parse_static_mount(str(url), str(folder))
                for url, folder in table.get("static", {}).items()
            ),
            site=SiteSettings({str(key): str(v) for key, v in table.get("nginx", {}).items()}),
            certificate=CertificateKind(table.get("certificate", "")),
            certified=tuple(str(domain) for domain in table.get("certified", [])),
            warm=int(table.get("warm", WARM_SECONDS)),
            watchdog=bool(table.get("watchdog", True)),
            system_packages=table.get("system_packages", False) is True,
            suspended=tuple(str(name) for name in table.get("suspended", [])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, PushdeployError) as error:
        raise RefusedInputError(f"settings.toml can't be read: {error}") from error
