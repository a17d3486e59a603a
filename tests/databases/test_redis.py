"""An app's own Redis: it runs as the records say, and its data goes only on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import destroy_app
from pushdeploy.databases import redis
from pushdeploy.databases.dumps import DUMP_SECONDS, dump, restore
from pushdeploy.errors import NotFoundError, UnavailableError
from pushdeploy.model.database import Database, redis_url, units_of
from pushdeploy.model.ended import EndedAs
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """The app, live."""
    machine.push("one", "web: gunicorn app:app\n")
    return machine


def create(machine: FakeMachine, memory: int | None = None) -> Ended:
    """`pushdeploy redis:create`."""
    return redis.create(
        machine, APP, machine.watching, variable="REDIS_URL", memory=memory, who="ada"
    )


def test_it_runs_before_the_app_is_told(live: FakeMachine) -> None:
    ended = create(live)

    assert (ended.outcome, ended.release) == (EndedAs.LIVE, 2)
    assert live.redis.running == {APP: 256}
    url = live.records.environment().values["REDIS_URL"]
    assert url == redis_url(APP) == "unix:///run/pushdeploy-redis/blog/redis.sock"


def test_what_leads_to_it_goes_with_it_in_whatever_scheme(live: FakeMachine) -> None:
    create(live)
    celery = redis_url(APP).replace("unix:", "redis+socket:")
    live.set_config(CELERY_BROKER_URL=celery)

    ended = redis.destroy(live, APP, live.watching, who="ada", force=False)

    assert ended.outcome is EndedAs.LIVE
    assert live.records.environment().values == {}


def test_another_limit_needs_no_release(live: FakeMachine) -> None:
    create(live)

    ended = create(live, 512)

    assert ended.outcome is EndedAs.NOTHING
    assert live.redis.running == {APP: 512}
    assert live.records.settings().redis_memory == 512
    create(live)
    assert live.redis.running == {APP: 512}


def test_after_a_boot_it_is_started_with_its_limit(live: FakeMachine) -> None:
    create(live, 64)
    live.redis.running.clear()

    did = live.boot()

    assert "blog: started its Redis" in did
    assert live.redis.running == {APP: 64}


def test_reconcile_starts_it_and_says_which_database_is_not_there(live: FakeMachine) -> None:
    create(live)
    both = (Database.POSTGRES, Database.REDIS)
    live.settings(databases=both)
    live.redis.running.clear()

    did = live.reconcile()

    assert did == [
        "started its Redis",
        (
            "failed: its PostgreSQL database is not there "
            "(pushdeploy pg:create --app blog, then pg:restore)"
        ),
    ]
    assert not live.redis.waited
    live.postgres.databases.add("pd-blog")
    assert live.reconcile() == []
    assert units_of(APP, both) == ("postgresql.service", "pushdeploy-blog.redis.service")


def test_it_goes_only_when_the_app_does_without_it(live: FakeMachine) -> None:
    create(live)
    live.supervisor.answers[3] = (500, "no queue")

    ended = redis.destroy(live, APP, live.watching, who="ada", force=False)

    assert ended.outcome is EndedAs.FAILED
    assert live.redis.running == {APP: 256}
    with pytest.raises(UnavailableError, match="still has a Redis database") as refused:
        destroy_app(live, APP, who="ada")
    assert refused.value.hint == "pushdeploy redis:destroy --app blog --confirm blog --force"
    forced = redis.destroy(live, APP, live.watching, who="ada", force=True)
    assert forced.outcome is EndedAs.NOTHING
    assert live.redis.running == {}
    with pytest.raises(NotFoundError, match="has no Redis database"):
        redis.facts(live, APP)


def test_what_it_holds_is_dumped_and_there_before_it_starts(
    live: FakeMachine, tmp_path: Path
) -> None:
    create(live)

    (made,) = dump(live, APP, tmp_path)

    job = live.supervisor.attached[-1]
    assert made == tmp_path / "redis.rdb"
    assert (job.user, job.seconds) == (live.accounts.app_user(APP), DUMP_SECONDS)
    assert live.place.redis in job.writable
    made.write_bytes(b"REDIS0011")
    live.redis.running.clear()
    assert restore(live, APP, tmp_path) == (made,)
    assert live.redis.held == {APP: b"REDIS0011"}
    assert live.redis.running == {}
    live.redis.installed = False
    with pytest.raises(UnavailableError, match="Redis is not installed"):
        restore(live, APP, tmp_path)


def test_without_a_redis_on_the_server_nothing_is_noted(live: FakeMachine) -> None:
    live.redis.installed = False

    with pytest.raises(UnavailableError, match="Redis is not installed"):
        create(live)

    assert live.records.settings().databases == ()


def test_facts_of_one_whose_server_has_lost_its_redis_are_refused(live: FakeMachine) -> None:
    create(live)
    live.redis.installed = False

    with pytest.raises(UnavailableError, match="Redis is not installed"):
        redis.facts(live, APP)


def test_one_that_has_to_be_started_again_is_not_called_no_change(live: FakeMachine) -> None:
    create(live)
    live.redis.running.clear()

    assert create(live).text == "done; REDIS_URL was set already"
    assert create(live).text == "no change"
