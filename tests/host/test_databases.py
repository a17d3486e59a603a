"""PostgreSQL and Redis on the same server: made by one command, reached by their app alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushdeploy.system.failpoints import Action, Point
from tests.host import databases, processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import App, Laptop
from tests.host.story import APPS, Site, assert_cli_refused, eventually
from tests.host.strikes import armed
from tests.host.struck_backup import RESTORE_DATABASE, RESTORE_NEEDS
from tests.host.test_second_server import move
from tests.tiers import slow

SOCKET = "/run/pushdeploy-redis/my-notes/redis.sock"
URL = "postgresql://pd-my-notes@/pd-my-notes?host=/run/postgresql"


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of these tests alone, which have PostgreSQL installed there."""
    with databases.server(installed) as host:
        yield host


@pytest.fixture(scope="module")
def laptop(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop that may push to it."""
    return Laptop(server, tmp_path_factory.mktemp("laptop") / "home", installed.key)


@pytest.fixture(scope="module")
def site(server: Host, laptop: Laptop) -> Site:
    """An app that was live without a database and has been given one; the first on the server."""
    site = Site.new(server, laptop, "my-notes")
    site.deploy("databases")
    assert site.get().text == "no database\n"
    asked = site.cli("pg:create", check=False)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "pg:create --app my-notes --yes" in asked.stderr
    assert not server.exists("/usr/bin/psql")

    made = site.cli("pg:create --yes")

    assert "Installing Debian's PostgreSQL" in made.stderr
    assert "done, v2" in made.stderr, made.stderr
    return site


def test_a_live_app_gets_a_database_by_a_release(site: Site) -> None:
    assert site.get().text == "rows=1 user=pd-my-notes\n"
    assert site.cli("config:get DATABASE_URL").stdout == f"{URL}\n"
    again = site.cli("pg:create")
    assert "no change" in again.stderr


def test_every_library_takes_the_address(site: Site) -> None:
    found = json.loads(site.cli("run python clients.py").stdout)

    assert found == dict.fromkeys(found, "pd-my-notes")
    assert len(found) == 9


def test_another_app_is_refused(server: Host, laptop: Laptop, site: Site) -> None:
    other = Site.new(server, laptop, "other")
    server.run("pushdeploy", "apps:create", "other")
    made = other.cli("pg:create")

    own = databases.psql_as("pd-other", server, "pd-other")
    foreign = databases.psql_as("pd-other", server, "pd-my-notes")
    as_other_role = databases.psql_as("pd-other", server, "pd-my-notes", role="pd-my-notes")

    assert "it takes effect at the first deploy" in made.stderr
    assert own == "1\n"
    assert "permission denied for database" in foreign
    assert "Peer authentication failed" in as_other_role
    kept = other.cli("apps:destroy --confirm other", check=False)
    assert_cli_refused(kept, 69, "still has a PostgreSQL database", "pg:destroy --app other")
    for open_to_all in ("postgres", "template1"):  # what it owns there would keep its role
        refused = databases.psql_as("pd-other", server, open_to_all, sql="SELECT lo_create(0) > 0")
        assert "permission denied for database" in refused
        allow = f"GRANT CONNECT ON DATABASE {open_to_all} TO PUBLIC"
        databases.administer(server, allow)
        assert (
            databases.psql_as("pd-other", server, open_to_all, sql="SELECT lo_create(0) > 0")
            == "t\n"
        )
    other.cli("pg:destroy --confirm other")
    other.destroy()
    assert not server.exists(other.root)


def test_psql_dump_and_restore(site: Site) -> None:
    site.cli("pg:psql", stdin="INSERT INTO notes (text) VALUES ('before the dump');")
    before = site.get().text
    host = site.host
    host.run("sh", "-c", "pushdeploy pg:dump --app my-notes > /root/notes.dump")
    site.cli("pg:psql", stdin="DELETE FROM notes; CREATE TABLE later (id int);")
    restore = "pushdeploy pg:restore --app my-notes {} < /root/notes.dump"

    refused = host.run("sh", "-c", restore.format(""), check=False)
    empty = site.get().text
    host.run("sh", "-c", restore.format("--confirm my-notes"))

    assert_cli_refused(refused, 2, "restoring replaces")
    assert empty == "rows=0 user=pd-my-notes\n"
    assert site.get().text == before == "rows=2 user=pd-my-notes\n"
    assert site.cli("pg:psql", stdin="SELECT text FROM notes").stdout.count("größe ✓") == 1
    broken = host.run(
        "sh",
        "-c",
        "head -c 2000 /root/notes.dump | pushdeploy pg:restore --app my-notes --confirm my-notes",
        check=False,
    )
    assert broken.returncode != 0
    assert site.get().text == before


def test_a_laptop_pulls_the_database_and_pushes_it_back(server: Host, site: Site) -> None:
    here, there = databases.laptops_version(), site.ask("pg:info")["version"].partition(".")[0]
    if here and int(here) < int(there):
        refused = databases.on_laptop(site, "pg:pull", "notes_dev", check=False)
        assert_cli_refused(refused, 69, f"the server has {there}", f"postgresql-client-{there}")
    if here != there:
        pytest.skip("this machine does not have the tools of the host's PostgreSQL")
    databases.administer(server, "CREATE ROLE laptop LOGIN CREATEDB PASSWORD 'laptop'")
    databases.administer(server, "GRANT CONNECT ON DATABASE postgres TO laptop")
    before = site.get().text

    pulled = databases.on_laptop(site, "pg:pull", "notes_dev")
    again = databases.on_laptop(site, "pg:pull", "notes_dev", check=False)
    site.cli("pg:psql", stdin="DELETE FROM notes;")
    refused = databases.on_laptop(site, "pg:push", "notes_dev", check=False)
    empty = site.get().text
    databases.on_laptop(site, "pg:push", "notes_dev", "--confirm", site.name)

    assert "done" in pulled.stderr
    assert_cli_refused(again, 2, "is not empty", "pg:pull notes_dev --confirm notes_dev")
    assert_cli_refused(refused, 2, "is not empty", f"pg:push notes_dev --confirm {site.name}")
    assert empty == "rows=0 user=pd-my-notes\n"
    assert site.get().text == before
    for statement in ("DROP DATABASE notes_dev", "DROP OWNED BY laptop", "DROP ROLE laptop"):
        databases.administer(server, statement)


def test_an_app_has_a_redis_of_its_own_that_keeps_what_it_holds(site: Site, suite: str) -> None:
    refused = site.cli("redis:create", check=False)
    made = site.cli("redis:create --memory 64 --yes")
    found = json.loads(site.cli("run python queues.py").stdout)

    assert "redis:create --app my-notes --yes" in refused.stderr
    assert f"Installing Debian's {databases.redis(suite)}-server" in made.stderr
    assert site.cli("config:get REDIS_URL").stdout == f"unix://{SOCKET}\n"
    assert found == {
        **dict.fromkeys(("redis", "django-redis", "django"), "value"),
        "rq": 1,
        "celery": 1,
        "celery, told by its own variables": 2,
        "celery, as it is": "KeyError",
    }
    info = site.ask("redis:info")
    assert (info["config_vars"], info["bytes_at_most"], info["persisted"]) == (
        ["REDIS_URL"],
        64 << 20,
        True,
    )
    assert "done; REDIS_URL was set already" in site.cli("redis:create --memory 128").stderr
    assert site.ask("redis:info")["bytes_at_most"] == 128 << 20


def test_no_other_app_reaches_that_redis(server: Host, site: Site, suite: str) -> None:
    ping = (f"{databases.redis(suite)}-cli", "-s", SOCKET, "ping")

    assert server.run(*ping, user="pd-my-notes").stdout == "PONG\n"
    for user in ("pd-blog", "pb-my-notes", "deploy", "www-data"):
        refused = server.run(*ping, user=user, check=False)
        assert "Permission denied" in refused.stdout + refused.stderr, user
    listening = server.run("ss", "--listening", "--tcp", "--numeric").stdout
    assert ":6379" not in listening


def test_info_says_how_it_stands(site: Site) -> None:
    found = site.ask("pg:info")

    assert found["database"] == "pd-my-notes"
    assert found["config_vars"] == ["DATABASE_URL"]
    assert found["bytes"] > 1_000_000
    assert found["connections_at_most"] == 40
    assert "Oldest transaction:" in site.cli("pg:info").stdout


def test_no_app_takes_all_connections(server: Host, site: Site) -> None:
    site.cli("pg:create --connections 1")
    asks = ("psql", "-h", "/run/postgresql", "-d", "pd-my-notes", "-c", "SELECT pg_sleep(60)")
    first = server.start(*asks, user="pd-my-notes")
    eventually(lambda: site.ask("pg:info")["connections"], 1)

    second = databases.psql_as("pd-my-notes", server, "pd-my-notes")
    site.cli("pg:create --connections 40")

    assert 'too many connections for role "pd-my-notes"' in second
    assert databases.psql_as("pd-my-notes", server, "pd-my-notes") == "1\n"
    processes.end(first)


def test_after_a_reboot_the_app_waits_for_its_database(site: Site) -> None:
    site.host.reboot()

    eventually(lambda: site.get().text, "rows=2 user=pd-my-notes\n")
    unit = f"{site.unit}{site.current}.web.service"
    after = site.host.run("systemctl", "show", "--value", "-pAfter", unit).stdout.split()
    restarts = site.host.run("systemctl", "show", "--value", "-pNRestarts", unit).stdout
    assert "postgresql.service" in after
    assert restarts == "0\n"
    assert f"{site.unit}redis.service" in after
    assert site.ask("redis:info")["keys"] >= 4
    assert "as it should be" in site.host.run("pushdeploy", "reconcile").stderr


def test_a_copy_from_a_backup_has_the_rows_in_a_database_of_its_own(site: Site, suite: str) -> None:
    host, before = site.host, site.get().text.partition(" ")[0]
    host.run("pushdeploy", "backup:set", "/srv/backups")
    stored = host.run("pushdeploy", "backup:create", timeout=120)
    site.cli("pg:psql", stdin="INSERT INTO notes (text) VALUES ('after the backup');")
    databases.redis_says(site.name, host, suite, "SET", "later", "1")

    words = ("backup:restore", "--app", site.name, "--to", "copy")
    host.run("pushdeploy", *words, timeout=120)

    copy = Site(host, site.laptop, App("copy", site.app.folder))
    assert copy.get().text == f"{before} user=pd-copy\n"
    assert copy.cli("config:get DATABASE_URL").stdout == f"{URL.replace('my-notes', 'copy')}\n"
    assert (
        copy.cli("config:get REDIS_URL").stdout == "unix:///run/pushdeploy-redis/copy/redis.sock\n"
    )
    assert "left out" not in stored.stdout + stored.stderr
    assert copy.ask("redis:info")["keys"] == site.ask("redis:info")["keys"] - 1
    assert databases.redis_says("copy", host, suite, "GET", "plain") == "value\n"
    assert not host.exists(f"{site.root}/redis/dump.rdb")
    owner = host.run("find", f"{copy.root}/redis", "!", "-user", "pd-copy").stdout
    assert owner == ""
    host.run("systemctl", "restart", "pushdeploy-copy.redis.service")
    assert databases.redis_says("copy", host, suite, "GET", "plain") == "value\n"
    assert not host.exists(f"{copy.root}/dumps")
    site.cli("pg:psql", stdin="DELETE FROM notes WHERE text = 'after the backup';")
    assert copy.get().text == f"{before} user=pd-copy\n"
    copy.cli("pg:destroy --confirm copy --force")
    copy.cli("redis:destroy --confirm copy --force")
    copy.destroy()


def test_a_restore_says_what_a_bare_server_lacks_and_installs_it(
    site: Site, installed: Installed, tmp_path: Path
) -> None:
    host, name = site.host, site.name
    password = host.read("/etc/pushdeploy/backup/password").strip()
    with databases.server(installed, "second") as new:
        move(host, new, ("srv/backups",))
        new.run("pushdeploy", "backup:set", "/srv/backups", f"RESTIC_PASSWORD={password}")
        words = ("backup:restore", "--app", name)

        refused = new.run("pushdeploy", *words, check=False, timeout=120)
        untouched = new.exists(f"{APPS}/{name}")
        for point in RESTORE_NEEDS:
            with armed(new, point, Action.KILL):
                struck = new.run("pushdeploy", *words, "--install", check=False, timeout=300)
                assert struck.returncode != 0
        new.run("pushdeploy", *words, "--install", timeout=300)

        assert_cli_refused(refused, 69, "PostgreSQL (for my-notes)", "--install")
        assert not untouched
        moved = Site(new, Laptop(new, tmp_path / "new", installed.key), site.app)
        assert moved.get().text == site.get().text
        assert databases.redis_says(name, new, installed.suite, "GET", "plain") == "value\n"


@slow
@pytest.mark.parametrize("point", RESTORE_DATABASE)
def test_a_killed_restore_fills_the_database_before_the_app_is_live(
    site: Site, point: Point
) -> None:
    host, before = site.host, site.get().text.partition(" ")[0]
    words = ("backup:restore", "--app", site.name, "--to", "copy")
    with armed(host, point, Action.KILL):
        assert host.run("pushdeploy", *words, check=False, timeout=120).returncode != 0

    if host.exists(f"{APPS}/copy/dumps"):
        host.run("pushdeploy", *words, timeout=120)
    host.run("pushdeploy", "reconcile", "--app", "copy", timeout=120)

    copy = Site(host, site.laptop, App("copy", site.app.folder))
    assert copy.get().text == f"{before} user=pd-copy\n"
    copy.cli("pg:destroy --confirm copy --force")
    copy.cli("redis:destroy --confirm copy --force")
    copy.destroy()


def test_it_is_destroyed_only_when_the_app_does_without_it(site: Site) -> None:
    wrong = site.cli("pg:destroy --confirm other", check=False)
    there = site.get().text

    site.cli("pg:psql", stdin='ALTER DATABASE "pd-my-notes" IS_TEMPLATE true;')
    gone = site.cli("pg:destroy --confirm my-notes")

    assert_cli_refused(wrong, 2, "`other` is not `my-notes`")
    assert there.startswith("rows=")
    assert "Destroying the PostgreSQL database" in gone.stderr
    assert site.get().text == "no database\n"
    assert_cli_refused(site.cli("pg:info", check=False), 4, "has no PostgreSQL database")
    names = site.host.run(
        *("psql", "-At", "-h", "/run/postgresql", "-c", "SELECT rolname FROM pg_roles"),
        user="postgres",
    )
    assert "pd-my-notes" not in names.stdout
    site.cli("redis:destroy --confirm my-notes")
    assert not site.host.exists(f"{site.root}/redis")
    assert not site.host.exists(SOCKET)
    site.destroy()
