"""`cron` of app.json, in Dokku's form: what runs by the clock.

Source: https://dokku.com/docs/processes/scheduled-cron-tasks/
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pushdeploy.errors import UsageError
from pushdeploy.model.cron_job import DEFAULT_ZONE, Concurrency, CronJob
from pushdeploy.model.cron_line import in_words, on_calendar, parse_line
from pushdeploy.model.procfile import LONGEST_COMMAND
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from pushdeploy.model.json_node import JsonNode

MOST_JOBS = 32
LONGEST_NAME = 40
LONGEST_URL = 500

KEYS = (
    *("catch_up", "command", "concurrency_policy", "heartbeat", "maintenance", "name"),
    *("schedule", "timezone"),
)

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_URL = re.compile(r"https?://[!-~]+")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})", re.ASCII)
_RUNNERS = frozenset(
    ("python", "python3", "-m", "manage.py", "./manage.py", "bash", "sh", "-c", "flask", "exec")
)
"""First words of a command that say nothing of what it is for."""


def parse_cron(cron: JsonNode) -> tuple[CronJob, ...]:
    """The jobs of the list `cron`, in its order, each with a name of its own.

    Raises:
        RefusedInputError: a job is not one; the message has its place, `cron[0].schedule`.
    """
    nodes = cron.each()
    if len(nodes) > MOST_JOBS:
        cron.refuse(f"{len(nodes)} jobs, the maximum is {MOST_JOBS}", "remove some")
    jobs = [_job(node) for node in nodes]
    names = [job.name for job in jobs]
    found: dict[str, CronJob] = {}
    for job, node in zip(jobs, nodes, strict=True):
        if names.count(job.name) > 1 and node.get("name") is None:
            job = replace(job, name=_with_digest(job))  # noqa: PLW2901 - from here on called so
        if job.name in found:
            node.refuse(
                f"two jobs are called {quoted(job.name)}", 'give each a `"name"` of its own'
            )
        found[job.name] = job
    return tuple(found.values())


def _job(node: JsonNode) -> CronJob:
    node.refuse_unknown(KEYS)
    command, timezone = _command(node), _timezone(node)
    line, calendar = _schedule(node, timezone)
    name = node.get("name")
    return CronJob(
        name=_name(name) if name else name_of(command),
        command=command,
        schedule=line,
        words=in_words(line),
        calendar=calendar,
        timezone=timezone,
        concurrency=_concurrency(node),
        catch_up=_truth(node, "catch_up"),
        heartbeat=_heartbeat(node),
        maintenance=_truth(node, "maintenance"),
    )


def _truth(node: JsonNode, key: str) -> bool:
    found = node.get(key)
    return found.truth() if found else False


def name_of(command: str) -> str:
    """What a job is called that has no name: `clearsessions` for `python manage.py clearsessions`.

    The same command always has the same name.
    """
    words = command.lower().split()
    while len(words) > 1 and words[0] in _RUNNERS:
        words.pop(0)
    plain = re.sub(r"[^a-z0-9]+", "-", " ".join(words))[:LONGEST_NAME].strip("-")
    return plain if _NAME.fullmatch(plain) else f"job-{plain}".strip("-")


def _with_digest(job: CronJob) -> str:
    """A command that is there more than once is told apart by all that it is."""
    text = f"{job.command}\0{job.schedule}\0{job.timezone}"
    return f"{job.name}-{hashlib.sha256(text.encode()).hexdigest()[:4]}"


def _command(node: JsonNode) -> str:
    command = node.get("command")
    if command is None:
        node.refuse("there is no `command`", 'write `"command": "python manage.py clearsessions"`')
    text = command.text()
    if not text.strip() or len(text) > LONGEST_COMMAND:
        command.refuse(f"expected a command of 1 to {LONGEST_COMMAND} characters", "write one line")
    return text.strip()


def _schedule(node: JsonNode, timezone: str) -> tuple[str, tuple[str, ...]]:
    schedule = node.get("schedule")
    if schedule is None:
        node.refuse("there is no `schedule`", 'write `"schedule": "0 3 * * *"`')
    try:
        line = parse_line(schedule.text())
        return line, on_calendar(line, timezone)
    except UsageError as error:
        schedule.refuse(error.message, 'write a cron line such as `"0 3 * * *"`')


def _timezone(node: JsonNode) -> str:
    timezone = node.get("timezone")
    if timezone is None:
        return DEFAULT_ZONE
    text = timezone.text()
    known = _ZONE.fullmatch(text) and (text == DEFAULT_ZONE or _is_known(text))
    if not known:
        timezone.refuse(f"{quoted(text)} is not a time zone", 'write one such as `"Europe/Berlin"`')
    return text


def _is_known(timezone: str) -> bool:
    """By the files of this machine, which systemd reads too."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _concurrency(node: JsonNode) -> str:
    policy = node.get("concurrency_policy")
    if policy is None:
        return Concurrency.FORBID
    text = policy.text().lower()
    if text == "allow":
        policy.refuse(
            "`allow` is not supported: a job is one unit of systemd, which runs once at a time",
            "write `forbid` or `replace`",
        )
    if text not in tuple(Concurrency):
        policy.refuse(
            f"expected `forbid` or `replace`, found {quoted(text)}", "write `forbid` or `replace`"
        )
    return text


def _name(node: JsonNode) -> str:
    text = node.text()
    if len(text) > LONGEST_NAME or not _NAME.fullmatch(text):
        node.refuse(
            f"{quoted(text)} can't be a job's name",
            f"use at most {LONGEST_NAME} lower-case letters, digits and `-`, a letter first",
        )
    return text


def _heartbeat(node: JsonNode) -> str:
    heartbeat = node.get("heartbeat")
    if heartbeat is None:
        return ""
    text = heartbeat.text()
    if len(text) > LONGEST_URL or not (_URL.fullmatch(text) or _VARIABLE.fullmatch(text)):
        heartbeat.refuse(
            f"{quoted(text)} is neither a URL nor the name of a config var",
            'write `"https://hc-ping.com/…"`, or `"$NAME"` for a config var that holds it',
        )
    return text
