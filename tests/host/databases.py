"""A server whose own apt can install databases without a network, for tests of what they keep."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.host import debs, image, processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.story import Site

CLIENT = (sys.executable, "-m", "pushdeploy.programs.command_line")


def redis(suite: str) -> str:
    """What Debian has of the two: Debian 12 has no Valkey."""
    return "redis" if suite == "bookworm" else "valkey"


APT = f"""\
APT::Default-Release "{{}}";
Dir::State::lists "{debs.ARCHIVE}/lists";
Dir::Etc::sourcelist "{debs.ARCHIVE}/etc/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Check-Valid-Until "false";
DPkg::Options:: "--force-unsafe-io";
"""


@contextmanager
def server(installed: Installed, name: str = "databases") -> Iterator[Host]:
    """It has pushdeploy and no database yet; any apt-get there finds them."""
    packages = (
        *("postgresql", f"{redis(installed.suite)}-server", "mariadb-server"),
        "python3-mysqldb",  # PyPI has it as source only
    )
    archive = debs.fetched(installed.suite, installed.suite, "install", *packages)
    with Host.boot(installed.suite, name, installed.disk, {archive: debs.ARCHIVE}) as host:
        host.write(
            "/etc/apt/apt.conf.d/99archive", APT.format(image.DISTRIBUTIONS[installed.suite])
        )
        host.run("sh", "-c", f"ln -sf {debs.ARCHIVE}/archives/*.deb /var/cache/apt/archives/")
        yield host


def laptops_version() -> str:
    """The version of this machine's pg_dump, `15`; empty without one."""
    if shutil.which("pg_dump") is None:
        return ""
    return processes.run(["pg_dump", "--version"]).stdout.split()[2].partition(".")[0]


def administer(server: Host, statement: str) -> None:
    """Run a statement as PostgreSQL's administrator."""
    server.run("psql", "-q", "-h", "/run/postgresql", "-c", statement, user="postgres")


def on_laptop(site: Site, *words: str, check: bool = True) -> processes.Result:
    """Run our client there; its own PostgreSQL is the host's, by another door."""
    own = {"PGHOST": "127.0.0.1", "PGUSER": "laptop", "PGPASSWORD": "laptop"}
    return processes.run(
        ["nsenter", f"--net=/proc/{site.host.pid}/ns/net", *CLIENT, *words],
        env={**site.laptop.environment, **own},
        cwd=site.app.folder,
        check=check,
    )


def psql_as(user: str, server: Host, database: str, role: str = "", sql: str = "SELECT 1") -> str:
    """What a user is told who selects 1 from a database."""
    line = ["psql", "-At", "-c", sql, "-h", "/run/postgresql", "-d", database]
    answer = server.run(*line, *(["-U", role] if role else []), user=user, check=False)
    return answer.stdout + answer.stderr


def redis_says(app: str, server: Host, suite: str, *words: str) -> str:
    """What an app's Redis answers."""
    client = f"{redis(suite)}-cli"
    socket = f"/run/pushdeploy-redis/{app}/redis.sock"
    return server.run(client, "-s", socket, "--raw", *words, user=f"pd-{app}").stdout
