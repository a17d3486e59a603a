"""Debian's PostgreSQL, asked as its own administrator over the unix socket (psql(1)).

The administrator connects to no database of an app: what an app has defined there, such as a
function or an operator, would be run with all rights. Dumps are made and read as the app.
"""

from __future__ import annotations

from pathlib import Path

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.database import POSTGRES_SOCKETS, SqlFacts
from pushdeploy.system import apt, command
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import systemctl

# ruff: noqa: S608 - psql has no parameters; what stands in a statement is quoted by `quoted_name`, `literal`

PACKAGE = "postgresql"
PSQL, DUMP, RESTORE = "/usr/bin/psql", "/usr/bin/pg_dump", "/usr/bin/pg_restore"
ADMINISTRATOR = "postgres"
PROGRAMS = Path("/usr/lib/postgresql")
"""A folder for each version of the server."""

ENVIRONMENT = {
    "PATH": command.CLEAN_PATH,
    "LANG": "C.UTF-8",
    "PGOPTIONS": "-c search_path=pg_catalog -c client_min_messages=warning",
}
"""No name is looked up where somebody else could have defined it."""

FACTS = """
SELECT current_setting('server_version'), pg_database_size({database}),
  (SELECT count(*) FROM pg_stat_activity WHERE datname = {database}),
  coalesce((SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = {database}),
   current_setting('max_connections')::int),
  (SELECT extract(epoch FROM now() - min(xact_start))::bigint
   FROM pg_stat_activity WHERE datname = {database})
"""

SEND_AWAY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = {role}
"""

OPEN = ("postgres", "template1")
"""Everybody may connect to these two, unless that is taken away; then an app has its own alone."""

STRANGERS = """
SELECT 1 FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname NOT LIKE 'pd-%' LIMIT 1
"""
"""Roles that somebody else made, and who may need those two."""

LEFT = """
SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') AND oid IN (
  SELECT dbid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
  AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = {role}))
"""
"""Where everybody may connect to these two, as on a server that others use too, an app
may leave large objects there, for example; a role that owns something can't be deleted."""


class ServerPostgres:
    """The PostgreSQL of a server."""

    def is_installed(self) -> bool:
        """By its programs."""
        return any(PROGRAMS.glob("*/bin/postgres"))

    def install(self) -> None:
        """By apt; Debian starts it, and has it start at each boot."""
        if not self.is_installed():
            apt.install(PACKAGE)
        systemctl("start", "postgresql.service")

    def has(self, name: str) -> bool:
        """True when there is a database of that name."""
        wanted = f"datname = {literal(name)}"
        return self.is_installed() and _ask(f"SELECT 1 FROM pg_database WHERE {wanted}") == "1"

    def ensure(self, name: str, connections: int) -> None:
        """Nobody can connect until the right to was taken from everybody else.

        UTF-8, and an order of words that no upgrade of the system changes, so that no index has to
        be built again.
        """
        role = quoted_name(name)
        if not _has_role(name):
            _ask(f"CREATE ROLE {role}")
        _ask(f"ALTER ROLE {role} LOGIN CONNECTION LIMIT {connections}")
        if not self.has(name):
            _ask(
                f"CREATE DATABASE {role} OWNER {role} TEMPLATE template0 ENCODING 'UTF8'"
                " LOCALE 'C.UTF-8' ALLOW_CONNECTIONS false"
            )
        _ask(f"ALTER DATABASE {role} OWNER TO {role}")
        _ask(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC")
        _ask(f"ALTER DATABASE {role} ALLOW_CONNECTIONS true")
        if not _ask(STRANGERS):
            _ask(f"REVOKE ALL ON DATABASE {', '.join(OPEN)} FROM PUBLIC")

    def facts(self, name: str) -> SqlFacts:
        """By its own views."""
        said = _ask(FACTS.format(database=literal(name)))
        version, size, connections, most, oldest = said.split("|")
        return SqlFacts(
            version.split()[0],
            int(size),
            int(connections),
            int(most),
            float(oldest) if oldest else None,
        )

    def drop(self, name: str) -> None:
        """Whoever is connected is sent away, and can't come back.

        Its owner can have made it a template, which nobody can delete: first it gets another one.
        """
        role = quoted_name(name)
        known = _has_role(name)
        if known:
            _ask(f"ALTER ROLE {role} NOLOGIN")
            _ask(SEND_AWAY.format(role=literal(name)))
        if self.has(name):
            _ask(f"ALTER DATABASE {role} OWNER TO {quoted_name(ADMINISTRATOR)}")
            _ask(f"ALTER DATABASE {role} IS_TEMPLATE false")
            _ask(f"DROP DATABASE {role} WITH (FORCE)")
        if not known:
            return
        for database in _ask(LEFT.format(role=literal(name))).splitlines():
            _ask(f"DROP OWNED BY {role}", database)
        _ask(f"DROP ROLE {role}")


def _has_role(name: str) -> bool:
    return _ask(f"SELECT 1 FROM pg_roles WHERE rolname = {literal(name)}") == "1"


def _ask(statement: str, database: str = "postgres") -> str:
    """What PostgreSQL answers: a row a line, columns with `|` between.

    Raises:
        UnavailableError: it does not answer, or refuses.
    """
    line = ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
    line += [f"--host={POSTGRES_SOCKETS}", f"--dbname={database}", f"--command={statement}"]
    try:
        said = command.run(
            Command(line, environment=ENVIRONMENT, user=ADMINISTRATOR, folder=Path("/"))
        )
    except CommandFailedError as error:
        raise UnavailableError(
            f"PostgreSQL refuses: {error.output.splitlines()[0] if error.output else error}",
            hint="systemctl status postgresql",
        ) from error
    return said.stdout.strip()


def quoted_name(text: str) -> str:
    """A name in SQL."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
