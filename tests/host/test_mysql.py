"""MariaDB on the same server: made by one command, reached by its app alone."""

import json
from collections.abc import Iterator

import pytest

from tests.host import databases, processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import App, Laptop
from tests.host.story import Site, assert_cli_refused, eventually

URL = "mysql://pd-my-shop@localhost/pd-my-shop?unix_socket=/run/mysqld/mysqld.sock"


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of these tests alone, which have MariaDB installed there."""
    with databases.server(installed, "mysql") as host:
        yield host


@pytest.fixture(scope="module")
def laptop(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop that may push to it."""
    return Laptop(server, tmp_path_factory.mktemp("laptop") / "home", installed.key)


@pytest.fixture(scope="module")
def site(server: Host, laptop: Laptop) -> Site:
    """An app that was live without a database and has been given one; the first on the server."""
    site = Site.new(server, laptop, "my-shop")
    site.deploy("mysql")
    assert site.get().text == "no database\n"
    asked = site.cli("mysql:create", check=False)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "mysql:create --app my-shop --yes" in asked.stderr
    assert not server.exists("/usr/bin/mariadb")

    made = site.cli("mysql:create --yes")

    assert "Installing Debian's MariaDB" in made.stderr
    assert "done, v2" in made.stderr, made.stderr
    return site


def rows(site: Site) -> str:
    """What the app says of its table."""
    return site.get().text.partition(" ")[0]


def test_a_live_app_gets_a_database_by_a_release(site: Site) -> None:
    assert site.get().text == "rows=1 user=pd-my-shop@localhost\n"
    assert site.cli("config:get DATABASE_URL").stdout == f"{URL}\n"
    assert "no change" in site.cli("mysql:create").stderr


def test_every_library_takes_the_address(server: Host, site: Site) -> None:
    server.run("apt-get", "install", "--yes", "--no-install-recommends", "python3-mysqldb")

    found = json.loads(site.cli("run python clients.py").stdout)
    by_django = json.loads(site.cli("run python by_django.py").stdout)

    assert found == dict.fromkeys(found, "pd-my-shop@localhost")
    assert by_django == dict.fromkeys(by_django, "pd-my-shop@localhost")
    assert (len(found), len(by_django)) == (5, 2)


def test_another_app_is_refused(server: Host, laptop: Laptop, site: Site) -> None:
    other = Site.new(server, laptop, "other")
    server.run("pushdeploy", "apps:create", "other")
    made = other.cli("mysql:create")

    assert "it takes effect at the first deploy" in made.stderr
    assert client(server, "pd-other", "pd-other") == "1\n"
    assert "Access denied" in client(server, "pd-other", "pd-my-shop")
    for more in (["--user=pd-my-shop"], ["--user=root"], ["--host=127.0.0.1", "--protocol=tcp"]):
        assert "Access denied" in client(server, "pd-other", "pd-my-shop", *more)
    assert "Access denied" in client(server, "pd-other", "mysql")
    seen = client(server, "pd-other", "pd-other", sql="SHOW DATABASES")
    assert "pd-my-shop" not in seen
    kept = other.cli("apps:destroy --confirm other", check=False)
    assert_cli_refused(kept, 69, "still has a MariaDB database", "mysql:destroy --app other")
    other.cli("mysql:destroy --confirm other")
    other.destroy()
    listening = server.run("ss", "--listening", "--tcp", "--numeric").stdout
    assert all(":3306" not in line or "127.0.0.1:3306" in line for line in listening.splitlines())


def client(server: Host, user: str, database: str, *more: str, sql: str = "SELECT 1") -> str:
    """What a user is told who asks a database something."""
    line = ["mariadb", "--batch", "--skip-column-names", "-e", sql, *more, database]
    answer = server.run(*line, user=user, check=False)
    return answer.stdout + answer.stderr


def test_client_dump_and_restore(site: Site) -> None:
    site.cli("mysql:cli", stdin="INSERT INTO notes (text) VALUES ('before the dump');")
    before, host = rows(site), site.host
    host.run("sh", "-c", "pushdeploy mysql:dump --app my-shop > /root/shop.sql")
    site.cli("mysql:cli", stdin="DELETE FROM notes; DROP PROCEDURE counted;")
    restore = "pushdeploy mysql:restore --app my-shop {} < /root/shop.sql"

    refused = host.run("sh", "-c", restore.format(""), check=False)
    half = host.run(
        "sh",
        "-c",
        "head -c 900 /root/shop.sql | pushdeploy mysql:restore --app my-shop --confirm my-shop",
        check=False,
    )
    empty = rows(site)
    host.run("sh", "-c", restore.format("--confirm my-shop"))

    assert_cli_refused(refused, 2, "restoring replaces")
    assert "The dump is not whole" in half.stderr
    assert half.returncode == 65
    assert empty == "rows=0"
    assert rows(site) == before == "rows=2"
    assert "größe ✓" in site.cli("mysql:cli", stdin="SELECT text FROM notes").stdout
    assert "2" in site.cli("mysql:cli", stdin="CALL counted()").stdout


def test_info_says_how_it_stands(site: Site) -> None:
    site.cli("mysql:create --connections 25")

    found = site.ask("mysql:info")

    assert found["database"] == "pd-my-shop"
    assert found["config_vars"] == ["DATABASE_URL"]
    assert found["bytes"] > 10_000
    assert found["connections_at_most"] == 25
    assert "Oldest transaction:" in site.cli("mysql:info").stdout


def test_a_copy_from_a_backup_has_the_rows_in_a_database_of_its_own(site: Site) -> None:
    host, before = site.host, rows(site)
    host.run("pushdeploy", "backup:set", "/srv/backups")
    locked = host.start(
        *("mariadb", "pd-my-shop", "-e", "LOCK TABLES notes READ; SELECT sleep(600)"),
        user="pd-my-shop",
    )
    eventually(
        lambda: "sleep" in client(host, "root", "mysql", sql="SHOW PROCESSLIST"), wanted=True
    )
    host.run("pushdeploy", "backup:create", timeout=120)
    processes.end(locked)
    site.cli("mysql:cli", stdin="INSERT INTO notes (text) VALUES ('after the backup');")

    words = ("backup:restore", "--app", site.name, "--to", "copy")
    host.run("pushdeploy", *words, timeout=120)

    copy = Site(host, site.laptop, App("copy", site.app.folder))
    assert copy.get().text == f"{before} user=pd-copy@localhost\n"
    assert copy.cli("config:get DATABASE_URL").stdout == f"{URL.replace('my-shop', 'copy')}\n"
    assert not host.exists(f"{copy.root}/dumps")
    made_by = "SELECT definer FROM information_schema.views WHERE table_schema = 'pd-copy'"
    assert client(host, "root", "mysql", sql=made_by) == "pd-copy@localhost\n"
    site.cli("mysql:cli", stdin="DELETE FROM notes WHERE text = 'after the backup';")
    assert rows(copy) == before
    copy.cli("mysql:destroy --confirm copy --force")
    copy.destroy()


def test_after_a_reboot_the_app_waits_for_its_database(site: Site) -> None:
    before = rows(site)
    site.host.reboot()

    eventually(lambda: rows(site), before)
    unit = f"{site.unit}{site.current}.web.service"
    after = site.host.run("systemctl", "show", "--value", "-pAfter", unit).stdout.split()
    restarts = site.host.run("systemctl", "show", "--value", "-pNRestarts", unit).stdout
    assert "mariadb.service" in after
    assert restarts == "0\n"
    assert "as it should be" in site.host.run("pushdeploy", "reconcile").stderr


def test_it_is_destroyed_only_when_the_app_does_without_it(site: Site) -> None:
    there = rows(site)

    gone = site.cli("mysql:destroy --confirm my-shop")

    assert there.startswith("rows=")
    assert "Destroying the MariaDB database" in gone.stderr
    assert site.get().text == "no database\n"
    assert_cli_refused(site.cli("mysql:info", check=False), 4, "has no MariaDB database")
    assert "pd-my-shop" not in client(site.host, "root", "mysql", sql="SELECT user FROM user")
    site.destroy()
