"""An app's MariaDB database: beside a PostgreSQL one, and in a backup without holding it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import destroy_app
from pushdeploy.databases import redis, sql
from pushdeploy.databases.dumps import STALLED_SECONDS, Stalled, dump, restore
from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.model.database import Database, mysql_url
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.job import JobKind
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended

URL = "mysql://pd-blog@localhost/pd-blog?unix_socket=/run/mysqld/mysqld.sock"
NAME = "pd-blog"


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """The app, live."""
    machine.push("one", "web: gunicorn app:app\nrelease: python migrate.py\n")
    return machine


def create(
    machine: FakeMachine,
    kind: Database = Database.MYSQL,
    variable: str = "DATABASE_URL",
    connections: int | None = None,
) -> Ended:
    """`pushdeploy mysql:create`."""
    return sql.create(
        machine,
        APP,
        machine.watching,
        kind,
        variable=variable,
        connections=connections,
        who="ada",
    )


def test_a_live_app_gets_it_by_a_release_whose_release_command_runs(live: FakeMachine) -> None:
    ended = create(live)

    ran = [job for job in live.supervisor.jobs if job.kind is JobKind.RELEASE_PHASE]
    assert (ended.outcome, ended.release) == (EndedAs.LIVE, 2)
    assert live.records.environment().values == {"DATABASE_URL": URL}
    assert mysql_url(APP) == URL
    assert ran[-1].after == ("mariadb.service",)
    assert (live.mysql.databases, live.postgres.databases) == ({NAME}, set())


def test_the_second_kind_needs_a_config_var_of_its_own(live: FakeMachine) -> None:
    create(live)

    with pytest.raises(UsageError, match="`DATABASE_URL` of `blog` is set already"):
        create(live, Database.POSTGRES)

    assert create(live, Database.POSTGRES, "POSTGRES_URL").outcome is EndedAs.LIVE
    ended = sql.destroy(live, APP, live.watching, Database.MYSQL, who="ada", force=False)
    assert ended.outcome is EndedAs.LIVE
    assert set(live.records.environment().values) == {"POSTGRES_URL"}
    assert (live.mysql.databases, live.postgres.databases) == (set(), {NAME})


def test_another_limit_needs_no_release(live: FakeMachine) -> None:
    create(live)
    assert live.mysql.connections == {NAME: 40}

    ended = create(live, connections=80)

    assert ended.outcome is EndedAs.NOTHING
    assert live.mysql.connections == {NAME: 80}
    create(live)
    assert live.mysql.connections == {NAME: 80}


def test_another_limit_sets_no_second_config_var(live: FakeMachine) -> None:
    create(live, variable="MYSQL_URL")

    ended = create(live, connections=80)

    assert ended.outcome is EndedAs.NOTHING
    assert live.records.environment().values == {"MYSQL_URL": URL}


def test_an_app_with_one_is_not_destroyed(live: FakeMachine) -> None:
    create(live)

    with pytest.raises(UnavailableError, match="still has a MariaDB database") as refused:
        destroy_app(live, APP, who="ada")

    assert refused.value.hint == "pushdeploy mysql:destroy --app blog --confirm blog --force"


def test_unreadable_settings_hide_no_database(live: FakeMachine) -> None:
    create(live)
    create(live, Database.POSTGRES, "POSTGRES_URL")
    live.place.redis.mkdir()
    live.place.settings.write_text("not TOML")

    for kind, noun in ((Database.POSTGRES, "pg"), (Database.MYSQL, "mysql")):
        with pytest.raises(UnavailableError, match="still has a") as refused:
            destroy_app(live, APP, who="ada")
        assert refused.value.hint == f"pushdeploy {noun}:destroy --app blog --confirm blog --force"
        sql.destroy(live, APP, live.watching, kind, who="ada", force=True)
    with pytest.raises(UnavailableError, match="still has a Redis database"):
        destroy_app(live, APP, who="ada")
    redis.destroy(live, APP, live.watching, who="ada", force=True)
    live.place.redis.rmdir()
    destroy_app(live, APP, who="ada")
    assert not live.place.root.exists()


def test_each_kind_is_dumped_and_comes_back(live: FakeMachine, tmp_path: Path) -> None:
    create(live)
    create(live, Database.POSTGRES, "POSTGRES_URL")

    made = dump(live, APP, tmp_path)

    assert [path.name for path in made] == ["postgres.dump", "mysql.sql"]
    live.mysql.databases.clear()
    assert restore(live, APP, tmp_path) == made
    assert live.mysql.databases == {NAME}
    live.mysql.installed = False
    with pytest.raises(UnavailableError, match="MariaDB is not installed"):
        restore(live, APP, tmp_path)


def test_a_dump_is_given_up_when_nothing_more_comes() -> None:
    size, now = 0, 0.0
    stalled = Stalled(lambda: size, lambda: now)

    assert not stalled()
    now = STALLED_SECONDS - 1
    assert not stalled()
    size, now = 4096, STALLED_SECONDS + 1
    assert not stalled()
    now += STALLED_SECONDS + 1
    assert stalled()
    size += 1
    assert stalled()
    assert stalled.given_up
