"""Debian's MariaDB, asked as its own administrator over the unix socket (mariadb(1)).

The administrator reads no table of an app: only what the server itself knows of them. Dumps are
made and read as the app.
"""

from __future__ import annotations

from pathlib import Path

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.database import MYSQL_SOCKET, SqlFacts
from pushdeploy.system import apt, command
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import systemctl

# ruff: noqa: S608 - no statement has parameters; what stands in one is quoted by `_name`, `_text`

PACKAGE = "mariadb-server"
SERVER = Path("/usr/sbin/mariadbd")
CLIENT, DUMP = "/usr/bin/mariadb", "/usr/bin/mariadb-dump"
BASH = "/bin/bash"

STATUS = "systemctl status mariadb"

LOCKED = "ERROR 1205"
PREPARED = "sudo mariadb -e 'XA RECOVER', then XA ROLLBACK what the app has left; and again"
"""A prepared transaction outlives its connection, and whoever has made it (XA); nobody is told
whose it is."""

ENVIRONMENT = {"PATH": command.CLEAN_PATH, "LANG": "C.UTF-8", "HOME": "/root"}

FACTS = """
SELECT version(),
  (SELECT coalesce(sum(FILE_SIZE), 0) FROM information_schema.INNODB_SYS_TABLESPACES
   WHERE NAME LIKE {files}),
  (SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = {user}),
  coalesce((SELECT nullif(json_value(Priv, '$.max_user_connections'), 0)
   FROM mysql.global_priv WHERE User = {user}), @@max_connections),
  (SELECT timestampdiff(SECOND, min(trx_started), now()) FROM information_schema.INNODB_TRX
   JOIN information_schema.PROCESSLIST ON ID = trx_mysql_thread_id WHERE USER = {user})
"""
"""Sizes are those of InnoDB, which all tables have that ask for nothing else."""

DUMP_WORDS = (
    *("--single-transaction", "--quick", "--no-tablespaces", "--hex-blob"),
    *("--routines", "--events", "--triggers"),
)
"""One consistent state of InnoDB's tables, and no table is locked for it."""

RESTORER = r"""
set -euo pipefail
dump=$(mktemp --tmpdir=/var/tmp)
trap 'rm --force "$dump"' EXIT
cat >"$dump"
if ! tail --lines=1 "$dump" | grep --quiet '^-- Dump completed'; then
  echo "The dump is not whole: its last line is not '-- Dump completed'. Nothing changed." >&2
  exit 65
fi
sed --regexp-extended --expression='
  s#^(/\*!500?[0-9]{2,3} CREATE\*/ )/\*![0-9]+ DEFINER=`[^`]*`@`[^`]*`\*/ #\1#
  s#^(/\*!50013 )DEFINER=`[^`]*`@`[^`]*` #\1#
  s#^(CREATE )DEFINER=`[^`]*`@`[^`]*` #\1#
' "$dump" | "$@"
"""
"""Nothing begins before the dump is known to be whole: what is replaced is not taken back.

Whose a view, trigger or routine was is left out: it is the app's that reads the dump.
"""


def client(name: str) -> tuple[str, ...]:
    """The program that runs SQL in a database, as its user."""
    return (CLIENT, *_socket(name), "--default-character-set=utf8mb4", f"--database={name}")


def dump(name: str) -> tuple[str, ...]:
    """The one that prints a database as SQL, by which tables replace those of their names."""
    words = (*_socket(name), "--default-character-set=utf8mb4", *DUMP_WORDS)
    return (DUMP, *words, name)


def restore(name: str) -> tuple[str, ...]:
    """The one that reads that from stdin."""
    patience = "--init-command=SET SESSION lock_wait_timeout = 600"
    return (BASH, "-c", RESTORER, "mysql-restore", *client(name), "--batch", patience)


class ServerMysql:
    """The MariaDB of a server."""

    def is_installed(self) -> bool:
        """By its programs."""
        return SERVER.exists()

    def install(self) -> None:
        """By apt; Debian starts it, and has it start at each boot."""
        if not self.is_installed():
            apt.install(PACKAGE)
        systemctl("start", "mariadb.service")

    def has(self, name: str) -> bool:
        """True when there is a database of that name."""
        wanted = f"SCHEMA_NAME = {_text(name)}"
        return (
            self.is_installed()
            and _ask(f"SELECT 1 FROM information_schema.SCHEMATA WHERE {wanted}") == "1"
        )

    def ensure(self, name: str, connections: int) -> None:
        """The kernel says who comes over the socket; no password lets anybody in."""
        user = _user(name)
        _ask(f"CREATE USER IF NOT EXISTS {user} IDENTIFIED VIA unix_socket")
        _ask(
            f"ALTER USER {user} IDENTIFIED VIA unix_socket"
            f" WITH MAX_USER_CONNECTIONS {connections} ACCOUNT UNLOCK"
        )
        _ask(f"CREATE DATABASE IF NOT EXISTS {_name(name)} CHARACTER SET utf8mb4")
        _ask(f"GRANT ALL PRIVILEGES ON {_name(name)}.* TO {user}")

    def facts(self, name: str) -> SqlFacts:
        """By its own views."""
        files = f"{name.replace('-', '@002d')}/%"
        said = _ask(FACTS.format(files=_text(files), user=_text(name)))
        version, size, connections, most, oldest = said.split("\t")
        return SqlFacts(
            version.partition("-")[0],
            int(size),
            int(connections),
            int(most),
            None if oldest == "NULL" else float(oldest),
        )

    def drop(self, name: str) -> None:
        """Whoever is connected is sent away, and can't come back."""
        user = _user(name)
        _ask(f"ALTER USER IF EXISTS {user} ACCOUNT LOCK")
        if _ask(f"SELECT 1 FROM mysql.global_priv WHERE User = {_text(name)}") == "1":
            _ask(f"KILL USER {user}")
        try:
            _ask(f"DROP DATABASE IF EXISTS {_name(name)}")
        except UnavailableError as error:
            if LOCKED not in error.message:
                raise
            raise UnavailableError(error.message, hint=PREPARED) from error
        _ask(f"DROP USER IF EXISTS {user}")


def _socket(name: str) -> tuple[str, ...]:
    """Where it is, and as whom; nothing that a file of the app's says."""
    return ("--no-defaults", "--protocol=socket", f"--socket={MYSQL_SOCKET}", f"--user={name}")


def _ask(statement: str) -> str:
    """What MariaDB answers: a row a line, columns with a tab between.

    Raises:
        UnavailableError: it does not answer, or refuses.
    """
    line = ["mariadb", "--batch", "--skip-column-names", "--user=root", "--protocol=socket"]
    line += [f"--socket={MYSQL_SOCKET}", "--init-command=SET SESSION lock_wait_timeout = 60"]
    try:
        answer = command.run(
            Command([*line, f"--execute={statement}"], environment=ENVIRONMENT, folder=Path("/"))
        )
    except CommandFailedError as error:
        said = error.output.splitlines()[-1] if error.output else str(error)
        kept_out = "Access denied" in said
        hint = "sudo mariadb; root must be let in by unix_socket" if kept_out else STATUS
        raise UnavailableError(f"MariaDB refuses: {said}", hint=hint) from error
    return answer.stdout.strip()


def _user(name: str) -> str:
    """An account that comes from this machine alone."""
    return f"{_text(name)}@'localhost'"


def _name(text: str) -> str:
    """A name in SQL."""
    return "`" + text.replace("`", "``") + "`"


def _text(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
