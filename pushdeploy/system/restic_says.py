"""What restic says of a failure, and what that means to a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, PushdeployError, UnavailableError
from pushdeploy.model.backup import BackupSettings, sftp_login

if TYPE_CHECKING:
    from pushdeploy.system.command import Output

NO_PASSWORD = re.compile(r"wrong password|no key found", re.IGNORECASE)
NO_REPOSITORY = re.compile(
    r"unable to open config file|Is there a repository|repository does not exist", re.IGNORECASE
)
NO_SNAPSHOT = re.compile(r"no matching ID|no snapshot found|invalid id", re.IGNORECASE)
LOCKED = re.compile(r"already locked|unable to create lock", re.IGNORECASE)
NO_ROOM = re.compile(r"no space left|disk quota exceeded", re.IGNORECASE)
NOT_LET_IN = re.compile(
    r"40[13] (unauthorized|forbidden)|access denied|request signature we calculated"
    r"|access key id you provided",
    re.IGNORECASE,
)
NO_CONNECTION = re.compile(
    r"connection re(?:fused|set)|no route to host|could not resolve|no such host"
    r"|i/o timeout|timed out|network is unreachable|permission denied \(publickey"
    r"|host key verification failed",
    re.IGNORECASE,
)

NEEDED = {
    "s3:": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "rest:": ("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"),
    "": (),
}
"""By what the address begins with."""


class NoRepositoryError(NotFoundError):
    """There is none at that place yet."""


class WrongPasswordError(UnavailableError):
    """There is one, and its password is another."""


class TooLongError(UnavailableError):
    """It was ended because its time was over."""


def explained(
    output: Output, settings: BackupSettings, *, restoring: bool = False
) -> PushdeployError:
    """What its words mean to a person; the first that fits."""
    said = (output.stderr or output.stdout).strip()
    where, last = f"`{settings.shown}`", _last(said)
    unreachable = f"{where} can't be reached: {_last(said, NO_CONNECTION)}"
    full = f"no room is left for backups in {where}"
    if restoring:
        full = "no room is left on this server for what the backup holds"
    unknown = f"{where} does not accept these credentials"
    other = f"sudo pushdeploy backup:set {settings.shown} RESTIC_PASSWORD=..."
    new = f"is its disk mounted? For a new one: sudo pushdeploy backup:set {settings.shown}"
    known: tuple[tuple[re.Pattern[str], type[PushdeployError], str, str], ...] = (
        (NO_SNAPSHOT, NotFoundError, "there is no such backup", "pushdeploy backup:list"),
        (NO_PASSWORD, WrongPasswordError, f"the backups in {where} have another password", other),
        (NO_ROOM, UnavailableError, full, "df -h; df -i"),
        (NO_CONNECTION, UnavailableError, unreachable, _reach(settings)),
        (NOT_LET_IN, UnavailableError, unknown, _credentials(settings)),
        (NO_REPOSITORY, NoRepositoryError, f"there are no backups in {where}", new),
        (LOCKED, UnavailableError, f"another restic is using {where}", "try again later"),
    )
    for pattern, kind, message, hint in known:
        if pattern.search(said):
            return kind(message, hint=hint)
    return UnavailableError(f"restic failed: {last}", hint="pushdeploy backup:list")


def _reach(settings: BackupSettings) -> str:
    login = sftp_login(settings.repository)
    return "try again later" if login is None else f"let the server's key log in as {login[0]}"


def _credentials(settings: BackupSettings) -> str:
    names = next(names for kind, names in NEEDED.items() if settings.repository.startswith(kind))
    wanted = " ".join(f"{name}=..." for name in names)
    return f"sudo pushdeploy backup:set {settings.shown} {wanted}".rstrip()


def _last(said: str, wanted: re.Pattern[str] | None = None) -> str:
    """The last line; or the last of those in which something wanted is."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if wanted is None or wanted.search(line)] or lines
    return lines[-1].removeprefix("Fatal: ")[:300] if lines else "it printed nothing"
