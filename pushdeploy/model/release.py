"""A release: slug + venv + environment + Procfile, and who made it from what."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.cron_job import CronJob
from pushdeploy.model.cron_job import from_record as from_cron_record
from pushdeploy.model.health import HealthCheck
from pushdeploy.model.procfile import ProcessLine, Procfile
from pushdeploy.model.repo_settings import NOTHING_SAID, RepoSettings, from_record, to_record
from pushdeploy.model.static_mount import StaticMount

KEPT_RELEASES = 5
"""How many releases that were once live are kept, beside `current` and warm ones."""


class Kind(StrEnum):
    """What a release, or the attempt that makes it, came from."""

    DEPLOY = "deploy"
    CONFIG = "config"
    RESTART = "restart"
    SCALE = "scale"
    STORAGE = "storage"
    ROLLBACK = "rollback"
    REBUILD = "rebuild"


class Binding(StrEnum):
    """How the web process gets its connections."""

    SOCKET = "socket"
    """It takes the listening socket by `LISTEN_FDS` (sd_listen_fds(3)): gunicorn."""
    PORT = "port"
    """It listens on `$PORT` of the loopback; a bridge stands between."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The facts about a commit that people want to see."""

    id: str
    subject: str = ""
    author: str = ""

    @property
    def short(self) -> str:
        """The first eight digits."""
        return self.id[:8]


@dataclass(frozen=True, slots=True)
class Release:
    """The record `release.json`. Immutable once it is in place."""

    app: str
    number: int
    kind: Kind
    description: str
    who: str
    at: float
    """Seconds since the epoch."""
    commit: Commit
    slug: str
    venv: str
    python: str
    procfile: Procfile
    binding: Binding
    checks: tuple[HealthCheck, ...]
    interpreter: str = ""
    """What the venv was made with: `/usr/bin/python3.11`; empty in records of former versions."""
    storage: tuple[str, ...] = ()
    """The folders of `shared/` that its code links to; none in records of former versions."""
    settings: RepoSettings = NOTHING_SAID
    """What its repo says for us; nothing in records of former versions."""
    source: str = ""
    """The slug as it was checked out, when build steps have made another of it; else empty."""
    steps: tuple[str, ...] = ()
    """The build steps that have."""
    static: tuple[StaticMount, ...] = ()
    """What they made for nginx to serve."""
    begun: str = ""
    """The slug as it was checked out, when `bin/pre_compile` has made `source` of it."""
    cron: tuple[CronJob, ...] = ()
    """What runs by the clock while it is live; nothing in records of former versions."""
    backup_pre: str = ""
    """What runs before a backup takes the app's files; nothing in records of former versions."""
    backup_post: str = ""
    """The same, after that."""

    @property
    def checked_out(self) -> str:
        """The slug as it was checked out."""
        return self.begun or self.source or self.slug

    @property
    def speaks_http(self) -> bool:
        """Whether it has a web process that answers a request, as far as it says."""
        return self.procfile.has_web and not self.checks[0].listening

    @property
    def name(self) -> str:
        """`v12`."""
        return f"v{self.number}"


def parse_release_name(text: str) -> int:
    """The number of `v12` (or `12`).

    Raises:
        UsageError: it is neither.
    """
    match = re.fullmatch(r"v?([1-9][0-9]{0,8})", text)
    if match is None:
        raise UsageError(
            f"`{text}` is not a release: releases are named v1, v2, v3, …",
            hint="pushdeploy releases",
        )
    return int(match[1])


def render_release(release: Release) -> str:
    """`release.json`, one JSON object."""
    record = {**asdict(release), "settings": to_record(release.settings)}
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def parse_release(text: str) -> Release:
    """The inverse of `render_release`.

    Raises:
        RefusedInputError: the text is not a release record.
    """
    try:
        record = json.loads(text)
        return Release(
            app=record["app"],
            number=record["number"],
            kind=Kind(record["kind"]),
            description=record["description"],
            who=record["who"],
            at=record["at"],
            commit=Commit(**record["commit"]),
            slug=record["slug"],
            venv=record["venv"],
            python=record["python"],
            procfile=Procfile(tuple(ProcessLine(**line) for line in record["procfile"]["lines"])),
            binding=Binding(record["binding"]),
            checks=tuple(_check(check) for check in record["checks"]),
            interpreter=record.get("interpreter", ""),
            storage=tuple(record.get("storage", ())),
            settings=from_record(record.get("settings", {})),
            source=record.get("source", ""),
            steps=tuple(record.get("steps", ())),
            static=tuple(StaticMount(**mount) for mount in record.get("static", ())),
            begun=record.get("begun", ""),
            cron=tuple(from_cron_record(job) for job in record.get("cron", ())),
            backup_pre=str(record.get("backup_pre", "")),
            backup_post=str(record.get("backup_post", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RefusedInputError) as error:
        raise RefusedInputError(f"a release record can't be read: {error}") from error


def _check(record: dict[str, object]) -> HealthCheck:
    headers = record.pop("http_headers", ())
    pairs = tuple((name, value) for name, value in headers)  # type: ignore[attr-defined]
    return HealthCheck(**record, http_headers=pairs)  # type: ignore[arg-type]
