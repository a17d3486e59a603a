"""Backups: where they go, how long they are kept, and what is known of each."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.size import format_duration
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD = "RESTIC_PASSWORD"  # noqa: S105 - the name of it
"""Among the credentials: the one that a repository which is there already was made with."""

REST_LOGIN = ("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD")

CREDENTIALS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"),
    *REST_LOGIN,
)
"""What restic may be told. Others of its variables name programs, which root would run."""

KINDS = ("sftp:", "rest:", "s3:")

LONGEST = 1024

_REPOSITORY = re.compile(r"[!-~]+")
_LOGIN = r"(?P<login>[a-zA-Z_][\w.-]*@)?(?P<host>[a-zA-Z0-9][\w.-]*|\[[\da-fA-F:]+\])"
_SFTP = re.compile(rf"sftp:{_LOGIN}:[\w./~@+-]+")
_SFTP_URL = re.compile(rf"sftp://{_LOGIN}(?::(?P<port>[1-9]\d{{0,4}}))?/[\w./~@+-]+")

HOUR_SECONDS = 3600.0
DAY_SECONDS = 24 * HOUR_SECONDS

PERIODS = {"hourly": HOUR_SECONDS, "daily": DAY_SECONDS, "weekly": 7 * DAY_SECONDS}
WITHOUT = "without "
"""Of a reason: there is a backup, which lacks what follows."""

OVERDUE = 2.0
"""Periods: one backup was missed, and the next as well."""

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Retention:
    """How many backups are kept."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12

    def __post_init__(self) -> None:
        if min(self.daily, self.weekly, self.monthly) < 0 or self.daily < 1:
            raise UsageError(
                "at least one backup is kept", hint="pushdeploy backup:prune --daily 7"
            )

    def changed(self, **numbers: int | None) -> Retention:
        """A copy with those numbers that are given."""
        return replace(self, **{name: one for name, one in numbers.items() if one is not None})

    def is_less_than(self, other: Retention) -> bool:
        """Whether it keeps fewer of any kind."""
        pairs = ((self.daily, other.daily), (self.weekly, other.weekly))
        return any(one < two for one, two in (*pairs, (self.monthly, other.monthly)))


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Where backups go; the password is a file of its own."""

    repository: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    retention: Retention = field(default_factory=Retention)
    schedule: str = ""
    """`hourly`, `daily`, `weekly`, or a time of each day, `03:30`; empty when nobody has said."""
    scheduled: float = 0.0
    """Since when, in seconds since the epoch."""

    def __repr__(self) -> str:
        return f"BackupSettings({self.shown})"

    @property
    def shown(self) -> str:
        """The repository without a password that its address may hold."""
        return shown_repository(self.repository)

    def changed(self, **values: object) -> BackupSettings:
        """A copy with other values."""
        return replace(self, **values)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class BackupState:
    """How the last tries on this server ended."""

    succeeded: float | None = None
    """When the last one was complete, in seconds since the epoch."""
    failed: float | None = None
    """When the last one failed, unless one succeeded since."""
    reason: str = ""
    """Why it failed."""


def parse_repository(text: str) -> str:
    """The text itself, when it names a repository that restic can use here.

    Args:
        text: `/srv/backups`, `sftp:me@host:/backups`, `rest:https://host/`, `s3:https://host/name`.

    Raises:
        UsageError: it is something else.
    """
    known = text.startswith(("/", *KINDS))
    if not known or len(text) > LONGEST or not _REPOSITORY.fullmatch(text):
        raise UsageError(
            f"{quoted(shown_repository(text))} is not a place for backups",
            hint="a folder such as /mnt/backups, or sftp:, rest: or s3: and an address",
        )
    if text.startswith("sftp:") and sftp_login(text) is None:
        raise UsageError(
            f"{quoted(text)} names no host and folder", hint="sftp:me@backup.example.com:/backups"
        )
    return text


def sftp_login(repository: str) -> tuple[str, str] | None:
    """Who and where in an sftp address, `me@host`, and the port; `None` for any other address."""
    match = _SFTP.fullmatch(repository) or _SFTP_URL.fullmatch(repository)
    if match is None:
        return None
    port = match.groupdict().get("port") or "22"
    return f"{match['login'] or ''}{match['host'].strip('[]')}", port


def shown_repository(repository: str) -> str:
    """The address without a name and password in it."""
    kind = next((one for one in KINDS if repository.startswith(one)), "")
    if kind not in ("rest:", "s3:"):
        return repository
    try:
        parts = urlsplit(repository.removeprefix(kind))
    except ValueError:
        return f"{kind}***"
    if "@" not in parts.netloc:
        return repository
    return kind + urlunsplit(parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}"))


def split_credentials(settings: BackupSettings) -> tuple[str, dict[str, str]]:
    """The address and the variables that restic is given.

    The restic of Debian 12 takes the login of a rest-server from its address alone.
    """
    others = {k: v for k, v in settings.credentials.items() if k not in REST_LOGIN}
    user, password = (settings.credentials.get(name, "") for name in REST_LOGIN)
    parts = urlsplit(settings.repository.removeprefix("rest:"))
    if not settings.repository.startswith("rest:") or not user or "@" in parts.netloc:
        return settings.repository, others
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"rest:{urlunsplit(parts._replace(netloc=f'{login}@{parts.netloc}'))}", others


def parse_credentials(values: Mapping[str, str]) -> dict[str, str]:
    """What restic is told beside the password.

    Raises:
        UsageError: a name that is none of them.
    """
    for name, value in values.items():
        if name not in CREDENTIALS:
            raise UsageError(
                f"{quoted(name)} is not a credential for backups",
                hint=f"one of {', '.join((PASSWORD, *CREDENTIALS))}",
            )
        if not value.isprintable():
            raise UsageError(f"the value of {quoted(name)} can't be one: it has control characters")
    return dict(values)


def parse_schedule(text: str) -> str:
    """The text itself, when it says when: `hourly`, `daily`, `weekly`, or a time, `03:30`.

    Raises:
        UsageError: it does not.
    """
    if text in PERIODS or _TIME.fullmatch(text):
        return text
    raise UsageError(
        f"{quoted(text)} does not say when: hourly, daily, weekly, or a time such as 03:30",
        hint="pushdeploy backup:schedule daily",
    )


def render_backup_settings(settings: BackupSettings) -> str:
    """TOML."""
    import tomli_w

    keep = settings.retention
    return tomli_w.dumps(
        {
            "repository": settings.repository,
            "schedule": settings.schedule,
            "scheduled": settings.scheduled,
            "keep": {"daily": keep.daily, "weekly": keep.weekly, "monthly": keep.monthly},
            "credentials": dict(settings.credentials),
        }
    )


def parse_backup_settings(text: str) -> BackupSettings:
    """The inverse.

    Raises:
        RefusedInputError: the text is not TOML, or a value has another form.
    """
    try:
        table = tomllib.loads(text)
        keep = table.get("keep", {})
        return BackupSettings(
            parse_repository(str(table["repository"])),
            parse_credentials({k: str(v) for k, v in table.get("credentials", {}).items()}),
            Retention(**{name: int(keep[name]) for name in keep}),
            parse_schedule(str(table["schedule"])) if table.get("schedule") else "",
            float(table.get("scheduled", 0.0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise RefusedInputError(f"the settings of backups can't be read: {error}") from error


def render_backup_state(state: BackupState) -> str:
    """JSON."""
    record = {"succeeded": state.succeeded, "failed": state.failed, "reason": state.reason}
    return json.dumps(record) + "\n"


def parse_backup_state(text: str) -> BackupState:
    """The inverse; a state that can't be read is none."""
    try:
        record = json.loads(text)
        succeeded, failed = record["succeeded"], record["failed"]
        return BackupState(
            None if succeeded is None else float(succeeded),
            None if failed is None else float(failed),
            str(record["reason"]),
        )
    except (ValueError, KeyError, TypeError):
        return BackupState()


def trouble(state: BackupState, settings: BackupSettings, now: float) -> str:
    """What is the matter with the backups of this server, in words; empty when nothing is.

    Args:
        state: how the last ones ended.
        settings: when there should be some.
        now: seconds since the epoch.
    """
    if state.failed is not None and state.reason.startswith(WITHOUT):
        return f"the last backup is not complete: {state.reason}"
    if state.failed is not None:
        return f"the last backup failed: {state.reason}"
    if not settings.schedule:
        return ""
    last = max(state.succeeded or 0.0, settings.scheduled)
    if now - last > OVERDUE * PERIODS.get(settings.schedule, DAY_SECONDS):
        return f"there has been no backup for {format_duration(now - last)}"
    return ""
