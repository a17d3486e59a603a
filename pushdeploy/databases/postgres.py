"""An app's PostgreSQL database: made, told to the app by a release, looked at, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.databases.client import psql
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.config_var import check_name
from pushdeploy.model.database import Database, postgres_name, postgres_url
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.release import Kind
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.database import PostgresFacts
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.settings import AppSettings

WELL = (EndedAs.LIVE, EndedAs.RECORDED, EndedAs.NOTHING)


def create(machine: Machine, app: str, audience: Audience, *, variable: str, who: str) -> Ended:
    """Make the app's database, or what is missing of it, and tell the app where it is.

    That there is one is noted first: from then on the app is not destroyed without a word about
    it.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        variable: the config var for its address.
        who: asks for it.

    Raises:
        UsageError: the config var has another value already.
        UnavailableError: PostgreSQL is not here, or does not let the app in.
    """
    records = AppRecords(machine.layout.app(app))
    url = postgres_url(app)
    _refuse_taken(app, records.environment(), variable, url)
    require(machine)
    note(machine, app)
    ensure(machine, app)
    text = f"Create a PostgreSQL database as {variable}"
    change = Change(
        Kind.CONFIG,
        text,
        environment=lambda before: before.set({variable: url}),
        release_phase=True,
    )
    return change_release(machine, app, audience, change=change, who=who)


def note(machine: Machine, app: str) -> None:
    """Note that the app has a database."""
    AppRecords(machine.layout.app(app)).change_settings(_with_database)


def ensure(machine: Machine, app: str) -> None:
    """Make role and database, or what is missing of them, and see that the app is let in.

    Raises:
        UnavailableError: it is not.
    """
    machine.postgres.ensure(postgres_name(app))
    said: list[str] = []
    job = psql(machine, app, ("--no-psqlrc", "--quiet", "--command=SELECT 1"))
    if machine.supervisor.once(job, said.append) != 0:
        raise UnavailableError(
            f"PostgreSQL does not let `{postgres_name(app)}` in: {said[-1] if said else 'no word'}",
            hint="sudo grep local /etc/postgresql/*/main/pg_hba.conf; it needs: local all all peer",
        )


def require(machine: Machine) -> None:
    """See that PostgreSQL is here.

    Raises:
        UnavailableError: it is not.
    """
    if not machine.postgres.is_installed():
        raise UnavailableError("PostgreSQL is not installed", hint="pushdeploy pg:create --yes")


def require_database(machine: Machine, app: str) -> None:
    """See that the app has a database.

    Raises:
        NotFoundError: it has none, or there is no such app.
    """
    settings = AppRecords(machine.layout.app(app)).settings()
    if Database.POSTGRES not in settings.databases:
        raise NotFoundError(
            f"`{app}` has no PostgreSQL database", hint=f"pushdeploy pg:create --app {app}"
        )


def facts(machine: Machine, app: str) -> PostgresFacts:
    """How the app's database stands."""
    require_database(machine, app)
    require(machine)
    return machine.postgres.facts(postgres_name(app))


def variables(machine: Machine, app: str) -> tuple[str, ...]:
    """The config vars that name the app's database."""
    values = AppRecords(machine.layout.app(app)).environment().values
    return tuple(name for name, value in values.items() if value == postgres_url(app))


def destroy(machine: Machine, app: str, audience: Audience, *, who: str, force: bool) -> Ended:
    """Unset the config vars that name it, and delete the database once the app does without it.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        who: asks for it.
        force: delete it although the app may still use it, and leave the config vars.

    Returns:
        How the release without the config vars ended; unless it went well, nothing was deleted.
    """
    require_database(machine, app)
    names = () if force else variables(machine, app)
    ended = Ended(EndedAs.NOTHING, 0, text="no change")
    if names:
        text = f"Unset {', '.join(names)} config vars"
        change = Change(Kind.CONFIG, text, environment=lambda before: before.unset(names))
        ended = change_release(machine, app, audience, change=change, who=who)
        if ended.outcome not in WELL:
            return ended
    if machine.postgres.is_installed():
        machine.postgres.drop(postgres_name(app))
    AppRecords(machine.layout.app(app)).change_settings(_without_database)
    return ended


def _refuse_taken(app: str, environment: Environment, variable: str, url: str) -> None:
    check_name(variable)
    value = environment.values.get(variable)
    if value is not None and value != url:
        raise UsageError(
            f"`{variable}` of `{app}` is set already",
            hint=f"pushdeploy config:unset {variable} --app {app}; or add: --as POSTGRES_URL",
        )


def _with_database(before: AppSettings) -> AppSettings:
    return before.changed(databases=tuple(sorted({*before.databases, Database.POSTGRES})))


def _without_database(before: AppSettings) -> AppSettings:
    return before.changed(databases=tuple(sorted({*before.databases} - {Database.POSTGRES})))
