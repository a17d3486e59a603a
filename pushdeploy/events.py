"""What happened, as dataclasses. Nobody changes them; frozen, they would import three times slower.

The story reports these; the engine writes them to the attempt's log as JSON lines (`event` is the
name, fields are keys); whoever watches reads them back and renders them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from pushdeploy.model.attempt import Outcome


@dataclass(slots=True)
class Event:
    """Something that happened."""

    name: ClassVar[str] = ""


Report = Callable[[Event], None]
"""Who is told."""


@dataclass(slots=True)
class AttemptStarted(Event):
    """An attempt holds the lock and begins."""

    name: ClassVar[str] = "attempt.started"
    attempt: int
    app: str
    kind: str
    commit: str
    who: str


@dataclass(slots=True)
class CheckedOut(Event):
    """The commit's tree lies in its slug."""

    name: ClassVar[str] = "checkout.finished"
    commit: str
    subject: str
    reused: bool
    seconds: float


@dataclass(slots=True)
class ProcessTypesFound(Event):
    """The Procfile was read."""

    name: ClassVar[str] = "procfile.read"
    types: tuple[str, ...]
    guessed: str = ""
    """What was found instead of a Procfile: `Flask app in app.py`."""
    command: str = ""
    """The web line that follows from it."""


@dataclass(slots=True)
class FilesPassedOver(Event):
    """The repo has files for other platforms, which have no effect here."""

    name: ClassVar[str] = "files.passed_over"
    files: tuple[str, ...]


@dataclass(slots=True)
class DatabaseWanted(Event):
    """The repo's app.json asks for a database, and no config var leads to one."""

    name: ClassVar[str] = "database.wanted"
    database: str
    """`PostgreSQL`."""
    variable: str
    command: str


@dataclass(slots=True)
class ConfigVarsMade(Event):
    """The first release: config vars that app.json gives a value."""

    name: ClassVar[str] = "config.made"
    names: tuple[str, ...]


@dataclass(slots=True)
class SettingsApplied(Event):
    """What the repo says for us was made so."""

    name: ClassVar[str] = "settings.applied"
    file: str
    done: tuple[str, ...]


@dataclass(slots=True)
class WorkersDefaulted(Event):
    """First deploy: these process types get one instance each."""

    name: ClassVar[str] = "formation.defaulted"
    types: tuple[str, ...]
    app: str = ""


@dataclass(slots=True)
class OneShotsFound(Event):
    """These process types end by themselves, by their name, so none of them is started."""

    name: ClassVar[str] = "formation.one_shot"
    types: tuple[str, ...]
    app: str = ""


@dataclass(slots=True)
class PostdeployFound(Event):
    """app.json has a command for a new app, which a person runs."""

    name: ClassVar[str] = "release.postdeploy"
    command: str
    app: str = ""


@dataclass(slots=True)
class PythonChosen(Event):
    """The interpreter for the venv."""

    name: ClassVar[str] = "build.python"
    version: str
    source: str
    """`.python-version`, or `the server's own`."""
    asked: str = ""
    """The exact patch that was asked for, when another of its minor version is taken."""


@dataclass(slots=True)
class SystemPackagesInstalling(Event):
    """The server lacks what the Aptfile names, and it is installed now."""

    name: ClassVar[str] = "system_packages.installing"
    packages: tuple[str, ...]


@dataclass(slots=True)
class SystemPackagesInstalled(Event):
    """They are here."""

    name: ClassVar[str] = "system_packages.installed"
    seconds: float


@dataclass(slots=True)
class PythonFetching(Event):
    """The Python that the repo asks for is not here, and is fetched now."""

    name: ClassVar[str] = "build.python_fetching"
    version: str
    source: str


@dataclass(slots=True)
class GunicornAdded(Event):
    """The Procfile uses gunicorn or another server, the requirements forgot it."""

    name: ClassVar[str] = "build.gunicorn_added"
    server: str = "gunicorn"
    source: str = "requirements.txt"


@dataclass(slots=True)
class ListsPassedOver(Event):
    """There are several lists of packages, and one counts."""

    name: ClassVar[str] = "build.lists_passed_over"
    source: str
    passed_over: tuple[str, ...]


@dataclass(slots=True)
class BuildStarted(Event):
    """A new venv is being made."""

    name: ClassVar[str] = "build.started"
    source: str = "requirements.txt"
    """The file that lists the packages; empty when there is none."""


@dataclass(slots=True)
class BuildOutput(Event):
    """One line of the builder's output."""

    name: ClassVar[str] = "build.output"
    line: str


@dataclass(slots=True)
class Built(Event):
    """The venv is complete."""

    name: ClassVar[str] = "build.finished"
    reused: bool
    seconds: float
    source: str = "requirements.txt"


@dataclass(slots=True)
class StepStarted(Event):
    """A build step runs."""

    name: ClassVar[str] = "step.started"
    command: str


@dataclass(slots=True)
class StepOutput(Event):
    """One line that a build step printed."""

    name: ClassVar[str] = "step.output"
    line: str


@dataclass(slots=True)
class StepsFinished(Event):
    """All build steps have run, or their output was there."""

    name: ClassVar[str] = "steps.finished"
    reused: bool
    seconds: float


@dataclass(slots=True)
class StaticFound(Event):
    """nginx serves what Django has collected."""

    name: ClassVar[str] = "static.found"
    url: str
    folder: str


@dataclass(slots=True)
class ReleasePhaseStarted(Event):
    """The `release:` line runs."""

    name: ClassVar[str] = "release_phase.started"
    command: str


@dataclass(slots=True)
class ReleasePhaseOutput(Event):
    """One line that the `release:` command printed."""

    name: ClassVar[str] = "release_phase.output"
    line: str


@dataclass(slots=True)
class ReleasePhaseFinished(Event):
    """The `release:` line succeeded."""

    name: ClassVar[str] = "release_phase.finished"
    seconds: float


@dataclass(slots=True)
class WebStarting(Event):
    """The new web process starts on its own socket."""

    name: ClassVar[str] = "web.starting"
    release: int


@dataclass(slots=True)
class WebUnhealthy(Event):
    """Web gave an answer that does not pass; it is asked again. Told once for each answer."""

    name: ClassVar[str] = "web.unhealthy"
    release: int
    what: str
    """`GET /healthz answered 500 Internal Server Error`."""


@dataclass(slots=True)
class WebHealthy(Event):
    """The new web process passed its health check."""

    name: ClassVar[str] = "web.healthy"
    release: int
    url: str
    status: int
    seconds: float


@dataclass(slots=True)
class Switched(Event):
    """`current` names the new release."""

    name: ClassVar[str] = "release.switched"
    release: int
    previous: int | None


@dataclass(slots=True)
class WorkersChanged(Event):
    """The workers run the new release, or again the one that was live, if that is named."""

    name: ClassVar[str] = "workers.changed"
    instances: tuple[str, ...]
    back_to: int | None = None


@dataclass(slots=True)
class WebStayedUp(Event):
    """Web was watched for a while after its check, and is up."""

    name: ClassVar[str] = "web.stayed_up"
    instance: str
    seconds: float


@dataclass(slots=True)
class WentLive(Event):
    """The new release answers at the app's address."""

    name: ClassVar[str] = "release.live"
    app: str
    release: int
    commit: str
    addresses: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class RolledBack(Event):
    """An earlier release is live again.

    `seconds` are those until visitors had it; workers may have taken longer.
    """

    name: ClassVar[str] = "release.rolled_back"
    app: str
    release: int
    previous: int
    commit: str
    warm: bool
    seconds: float


@dataclass(slots=True)
class ScheduleChanged(Event):
    """What runs by the clock is another from now on."""

    name: ClassVar[str] = "schedule.changed"
    jobs: tuple[str, ...]


@dataclass(slots=True)
class RestoreStep(Event):
    """What is done now of a restore."""

    name: ClassVar[str] = "restore.step"
    text: str


@dataclass(slots=True)
class Warned(Event):
    """Something a person should know; the attempt goes on."""

    name: ClassVar[str] = "warning"
    text: str
    hint: str = ""


@dataclass(slots=True)
class AttemptFailed(Event):
    """The attempt failed, with what the person needs to fix it."""

    name: ClassVar[str] = "attempt.failed"
    reason: str
    report: tuple[str, ...]
    hint: str
    still_live: int | None
    release_phase: bool
    trouble: str = ""
    """What is wrong with what is still live; empty when it answered just now."""


@dataclass(slots=True)
class AttemptEnded(Event):
    """The answer is known: followers may leave. Cleaning up may go on."""

    name: ClassVar[str] = "attempt.ended"
    outcome: Outcome
    exit_code: int
    release: int | None = None


EVENTS: Mapping[str, type[Event]] = {event.name: event for event in Event.__subclasses__()}
"""Every event by its name."""


def to_record(event: Event) -> dict[str, object]:
    """The event as one JSON object; `event` is its name."""
    return {"event": event.name, **asdict(event)}


def from_record(record: Mapping[str, object]) -> Event | None:
    """The inverse; `None` for what a newer or older version of us wrote."""
    kind = EVENTS.get(str(record.get("event")))
    if kind is None:
        return None
    values = {}
    for field in fields(kind):
        if field.name in record:
            value = record[field.name]
            values[field.name] = tuple(value) if isinstance(value, list) else value
    try:
        if kind is AttemptEnded:
            values["outcome"] = Outcome(str(values.get("outcome")))
        return kind(**values)
    except (TypeError, ValueError):
        return None
