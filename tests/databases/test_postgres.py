"""An app's database: noted before it is made, told by a release, deleted only on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import destroy_app
from pushdeploy.databases import sql
from pushdeploy.databases.dumps import DUMP_SECONDS, dump, restore
from pushdeploy.deploy import instances
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.database import Database, postgres_url
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.job import JobKind
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended

URL = postgres_url(APP)
NAME = "pd-blog"


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """The app, live."""
    machine.push("one", "web: gunicorn app:app\nrelease: python migrate.py\n")
    return machine


def create(machine: FakeMachine, variable: str = "DATABASE_URL") -> Ended:
    """`pushdeploy pg:create`."""
    return sql.create(
        machine, APP, machine.watching, Database.POSTGRES, variable=variable, who="ada"
    )


def destroy(machine: FakeMachine, *, force: bool = False) -> Ended:
    """`pushdeploy pg:destroy`."""
    return sql.destroy(machine, APP, machine.watching, Database.POSTGRES, who="ada", force=force)


def value(machine: FakeMachine) -> str | None:
    """What the app is told."""
    return machine.records.environment().values.get("DATABASE_URL")


def test_one_that_is_made_again_is_not_called_no_change(live: FakeMachine) -> None:
    create(live)
    live.postgres.databases.clear()

    assert create(live).text == "done; DATABASE_URL was set already"
    assert create(live).text == "no change"


def test_before_the_first_push_the_config_var_waits_for_it(machine: FakeMachine) -> None:
    ended = create(machine)

    assert ended.outcome is EndedAs.RECORDED
    assert value(machine) == URL == "postgresql://pd-blog@/pd-blog?host=/run/postgresql"
    assert machine.postgres.databases == {NAME}
    assert machine.records.settings().databases == (Database.POSTGRES,)


def test_a_live_app_gets_it_by_a_release_whose_release_command_runs(live: FakeMachine) -> None:
    before = [job.kind for job in live.supervisor.jobs].count(JobKind.RELEASE_PHASE)

    ended = create(live)

    ran = [job for job in live.supervisor.jobs if job.kind is JobKind.RELEASE_PHASE]
    assert (ended.outcome, ended.release) == (EndedAs.LIVE, 2)
    assert len(ran) == before + 1
    assert ran[-1].after == ("postgresql.service",)
    assert create(live).outcome is EndedAs.NOTHING


def test_the_processes_of_an_app_with_a_database_wait_for_it_at_boot(live: FakeMachine) -> None:
    release = live.records.live_release()
    assert release is not None
    assert instances.web(live, release, live.records.settings()).after == ()

    create(live)

    assert instances.web(live, release, live.records.settings()).after == ("postgresql.service",)


def test_an_unhealthy_release_leaves_the_live_one_and_the_database_noted(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "no such table")

    ended = create(live)

    assert ended.outcome is EndedAs.FAILED
    assert live.running() == ["v1 web.1"]
    assert value(live) is None
    assert live.records.settings().databases == (Database.POSTGRES,)
    with pytest.raises(UnavailableError, match="still has a PostgreSQL database"):
        destroy_app(live, APP, who="ada")
    assert live.postgres.databases == {NAME}


def test_another_value_of_the_config_var_is_left_alone(live: FakeMachine) -> None:
    live.set_config(DATABASE_URL="sqlite:///db")

    with pytest.raises(UsageError, match="`DATABASE_URL` of `blog` is set already") as refused:
        create(live)

    assert "--as OTHER_URL" in str(refused.value.hint)
    assert live.postgres.databases == set()
    assert live.records.settings().databases == ()
    assert create(live, "POSTGRES_URL").outcome is EndedAs.LIVE
    assert value(live) == "sqlite:///db"


def test_without_postgresql_nothing_is_noted(live: FakeMachine) -> None:
    live.postgres.installed = False

    with pytest.raises(UnavailableError, match="not installed"):
        create(live)

    assert live.records.settings().databases == ()


def test_an_app_that_is_not_let_in_is_told_nothing(live: FakeMachine) -> None:
    live.supervisor.statuses_of_jobs[JobKind.RUN] = 2
    live.supervisor.output_of_jobs[JobKind.RUN] = ["Peer authentication failed"]

    with pytest.raises(UnavailableError, match="does not let `pd-blog` in: Peer") as refused:
        create(live)

    assert "pg_hba" in str(refused.value.hint)
    assert value(live) is None


def test_it_is_deleted_after_the_app_does_without_it(live: FakeMachine) -> None:
    create(live)

    ended = destroy(live)

    assert (ended.outcome, ended.release) == (EndedAs.LIVE, 3)
    assert value(live) is None
    assert live.postgres.databases == set()
    assert live.records.settings().databases == ()
    with pytest.raises(NotFoundError, match="has no PostgreSQL database"):
        destroy(live)


def test_it_stays_when_the_app_is_not_healthy_without_it(live: FakeMachine) -> None:
    create(live)
    live.supervisor.answers[3] = (500, "no database")

    ended = destroy(live)

    assert ended.outcome is EndedAs.FAILED
    assert live.postgres.databases == {NAME}
    assert "v2 web.1" in live.running()
    assert destroy(live, force=True).outcome is EndedAs.NOTHING
    assert live.postgres.databases == set()
    assert value(live) == URL
    destroy_app(live, APP, who="ada")
    assert not live.place.root.exists()


def test_a_dump_is_there_only_when_it_is_whole(live: FakeMachine, tmp_path: Path) -> None:
    assert dump(live, APP, tmp_path) == ()
    create(live)

    (made,) = dump(live, APP, tmp_path)

    assert made == tmp_path / "postgres.dump"
    assert made.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [made]
    assert live.supervisor.attached[-1].seconds == DUMP_SECONDS
    made.unlink()
    live.supervisor.status_of_runs = 1
    with pytest.raises(UnavailableError, match=r"pg_dump could not write `postgres\.dump`"):
        dump(live, APP, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_restoring_makes_the_database_that_is_not_there(live: FakeMachine, tmp_path: Path) -> None:
    assert restore(live, APP, tmp_path) == ()
    (tmp_path / "postgres.dump").write_bytes(b"PGDMP")

    assert restore(live, APP, tmp_path) == (tmp_path / "postgres.dump",)

    assert live.postgres.databases == {NAME}
    assert live.records.settings().databases == (Database.POSTGRES,)
    assert ("run", "/usr/bin/pg_restore") in {call[:2] for call in live.supervisor.calls}
