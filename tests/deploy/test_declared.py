"""What a repo says for itself is made so at its push."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import create_app
from pushdeploy.deploy.declared import apply_collected
from pushdeploy.errors import UnavailableError
from pushdeploy.events import (
    AttemptFailed,
    ConfigVarsMade,
    DatabaseWanted,
    OneShotsFound,
    PostdeployFound,
    SettingsApplied,
    Warned,
    WorkersDefaulted,
)
from pushdeploy.model.repo_settings import RepoSettings, parse_repo_settings
from pushdeploy.model.static_mount import StaticMount
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.events import Event
    from tests.deploy.machine import FakeMachine

ENV = json.dumps(
    {
        "env": {
            "SECRET_KEY": {"generator": "secret"},
            "DEBUG": "0",
            "LEVEL": {"value": "info"},
            "OPTIONAL": {"required": False},
            "API_KEY": {"description": "of the service"},
        }
    }
)


def values(machine: FakeMachine) -> dict[str, str]:
    """The app's config vars."""
    return dict(machine.records.environment().values)


def test_a_config_var_that_a_person_must_set_is_asked_for_at_the_first_push(
    machine: FakeMachine,
) -> None:
    ended = machine.push("one", app_json=ENV)

    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert ended.outcome == "failed"
    assert told.reason == "app.json requires config vars that are not set: `API_KEY`"
    assert told.hint == "pushdeploy config:set API_KEY=VALUE --app blog"
    assert machine.releases() == []


def test_a_database_that_app_json_asks_for_is_told_of_until_there_is_one(
    machine: FakeMachine,
) -> None:
    addons = '{"addons": ["heroku-postgresql", "heroku-redis"]}'

    machine.push("one", app_json=addons)

    assert [one for one in machine.watching.events if isinstance(one, DatabaseWanted)] == [
        DatabaseWanted("PostgreSQL", "DATABASE_URL", "pushdeploy pg:create --app blog --yes"),
        DatabaseWanted("Redis", "REDIS_URL", "pushdeploy redis:create --app blog --yes"),
    ]

    machine.set_config(DATABASE_URL="postgresql://x", REDIS_URL="redis://x")
    machine.push("two", app_json=addons)

    assert "database.wanted" not in machine.watching.names()


def test_defaults_and_secrets_are_made_once_and_stay(machine: FakeMachine) -> None:
    machine.set_config(API_KEY="k", LEVEL="debug")

    machine.push("one", app_json=ENV)

    told = machine.watching.one(ConfigVarsMade)
    assert told == ConfigVarsMade(("DEBUG", "SECRET_KEY"))
    first = values(machine)
    assert len(first.pop("SECRET_KEY")) == 64
    assert first == {"API_KEY": "k", "DEBUG": "0", "LEVEL": "debug"}

    before = values(machine)
    machine.push("two", app_json=ENV)

    assert values(machine) == before


def test_a_secret_is_the_same_after_a_first_deploy_that_failed(machine: FakeMachine) -> None:
    machine.set_config(API_KEY="k")
    machine.supervisor.answers[1] = (500, "")
    machine.push("one", app_json=ENV)
    first = values(machine)

    machine.push("two", app_json=ENV)

    assert first.keys() == {"API_KEY", "SECRET_KEY"}, "what is a default may still change"
    assert values(machine)["SECRET_KEY"] == first["SECRET_KEY"]
    assert values(machine)["LEVEL"] == "info"


def test_a_var_that_is_declared_later_holds_no_push_up(machine: FakeMachine) -> None:
    machine.push("one")

    assert machine.push("two", app_json=ENV).outcome == "live"
    assert values(machine) == {}


def test_domains_and_static_folders_are_added_once_and_told(machine: FakeMachine) -> None:
    machine.proxy.serves_domains = True
    settings = RepoSettings(
        file="pyproject.toml",
        domains=("blog.example.com",),
        static=(StaticMount("/docs", "docs"),),
    )

    machine.push("one", settings=settings)

    assert machine.watching.one(SettingsApplied) == SettingsApplied(
        "pyproject.toml", ("domain blog.example.com", "/docs from docs/")
    )
    assert machine.records.settings().domains == ("blog.example.com",)
    assert machine.records.settings().static == settings.static

    machine.push("two", settings=settings)

    assert "settings.applied" not in machine.watching.names()


def test_what_the_repo_names_no_more_stays_and_the_push_says_how_to_remove_it(
    machine: FakeMachine,
) -> None:
    machine.proxy.serves_domains = True
    before = RepoSettings(
        file="pyproject.toml",
        domains=("blog.example.com", "www.example.com"),
        static=(StaticMount("/docs", "docs"),),
    )
    machine.push("one", settings=before)

    machine.push("two", settings=RepoSettings(file="app.json", domains=("blog.example.com",)))

    told = [one for one in machine.watching.events if isinstance(one, Warned)]
    assert [(one.text, one.hint) for one in told if "no longer names" in one.text] == [
        (
            "`pyproject.toml` no longer names the domain www.example.com, which stays",
            "pushdeploy domains:remove www.example.com --app blog",
        ),
        (
            "`pyproject.toml` no longer names the static folder /docs, which stays",
            "pushdeploy static:remove /docs --app blog",
        ),
    ]
    assert machine.records.settings().domains == before.domains
    machine.push("three", settings=RepoSettings(file="app.json", domains=("blog.example.com",)))
    told = [one for one in machine.watching.events if isinstance(one, Warned)]
    assert not any("no longer names" in one.text for one in told), "it is said once"


def test_storage_and_scale_that_the_repo_names_no_more_are_gone_and_the_push_says_so(
    machine: FakeMachine,
) -> None:
    procfile = "web: gunicorn app:app\nworker: python w.py\nclock: python c.py\n"
    before = RepoSettings(
        file="pyproject.toml",
        storage=("data", "media"),
        scale=(("clock", 1), ("old", 3), ("web", 2), ("worker", 2)),
    )
    machine.push("one", procfile, settings=before, storage=("data", "media"))

    machine.push("two", procfile, settings=RepoSettings(), storage=("media",))

    told = [one for one in machine.watching.events if isinstance(one, Warned)]
    assert [(one.text, one.hint) for one in told if "no longer" in one.text] == [
        (
            (
                "`pyproject.toml` no longer names the storage folder data/: the app does not see "
                "it any more; its files are kept"
            ),
            "pushdeploy storage:add data/ --app blog",
        ),
        (
            "`pyproject.toml` no longer says how many web run: auto now, 2 before",
            "pushdeploy ps:scale web=2 --app blog",
        ),
        (
            "`pyproject.toml` no longer says how many worker run: 1 now, 2 before",
            "pushdeploy ps:scale worker=2 --app blog",
        ),
    ]
    assert "v2 worker.1" in machine.running()
    assert "v2 worker.2" not in machine.running()


def test_a_domain_of_another_app_is_a_warning_and_the_release_is_live(machine: FakeMachine) -> None:
    create_app(machine, "shop")
    AppRecords(machine.layout.app("shop")).change_settings(
        lambda now: now.changed(domains=("shop.example.com",))
    )
    settings = RepoSettings(file="app.json", domains=("shop.example.com",))

    ended = machine.push("one", settings=settings)

    assert ended.outcome == "live"
    assert "warning" in machine.watching.names()
    assert machine.records.settings().domains == ()


def test_the_formation_of_heroku_says_how_many_workers_run_at_first(machine: FakeMachine) -> None:
    text = '{"formation": {"web": {"quantity": 2}, "clock": {"quantity": 0}, "worker": {}}}'
    settings = parse_repo_settings(text, "")
    procfile = "web: gunicorn app:app\nworker: python w.py\nclock: python c.py\n"

    machine.push("one", procfile, settings=settings, app_json=text)

    assert machine.running() == ["v1 web.1", "v1 worker.1"]
    told = machine.watching.one(WorkersDefaulted)
    assert isinstance(told, WorkersDefaulted)
    assert told.types == ("worker",)


@pytest.mark.parametrize("said", ['"python seed.py"', '{"command": "python seed.py"}'])
def test_a_postdeploy_script_is_told_once_the_first_release_is_live(
    machine: FakeMachine, said: str
) -> None:
    app_json = f'{{"scripts": {{"postdeploy": {said}}}}}'

    machine.push("one", app_json=app_json)

    told = machine.watching.one(PostdeployFound)
    assert told == PostdeployFound("python seed.py", machine.records.place.name)
    names = machine.watching.names()
    assert names.index("release.switched") < names.index(told.name) < names.index("release.live")
    machine.push("two", app_json=app_json)
    assert "release.postdeploy" not in machine.watching.names()


def test_a_process_type_that_runs_once_is_not_started_and_said_when_it_is_new(
    machine: FakeMachine,
) -> None:
    procfile = "web: gunicorn app:app\nworker: python w.py\nmigrate: python m.py\n"

    machine.push("one", procfile)

    assert machine.running() == ["v1 web.1", "v1 worker.1"]
    told = machine.watching.one(OneShotsFound)
    assert isinstance(told, OneShotsFound)
    assert (told.types, told.app) == (("migrate",), machine.records.place.name)

    machine.push("two", procfile)

    assert "formation.one_shot" not in machine.watching.names()

    machine.push("three", f"{procfile}seed: python s.py\n")

    told = machine.watching.one(OneShotsFound)
    assert isinstance(told, OneShotsFound)
    assert told.types == ("seed",)


def test_what_a_build_collects_is_served_unless_somebody_has_said_otherwise(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    machine.proxy.serves_domains = True
    mine = StaticMount("/assets", "mine")
    machine.settings(static=(mine,))
    release = machine.records.release(1)
    built = (StaticMount("/static", "out"), StaticMount("/assets", "out"), StaticMount("/js", "js"))
    told: list[Event] = []

    apply_collected(machine, machine.records, replace(release, static=built), told.append)

    assert machine.records.settings().static == (mine, StaticMount("/js", "js"))
    assert told == []


def test_what_a_build_collects_and_nginx_refuses_is_a_warning(machine: FakeMachine) -> None:
    machine.push("one")
    machine.proxy.serves_domains = True
    machine.proxy.refusal = UnavailableError("nginx refuses", hint="nginx -t")
    built = replace(machine.records.release(1), static=(StaticMount("/js", "js"),))
    told: list[Event] = []

    apply_collected(machine, machine.records, built, told.append)

    assert told == [Warned("nginx refuses", hint="nginx -t")]
    assert machine.records.settings().static == ()
