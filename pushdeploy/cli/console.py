"""How events look to a person who pushes: in the habit of Heroku and Dokku."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from pushdeploy import events
from pushdeploy.cli.style import DETAIL, PROBLEM, RESULT, STEP, typed, wrapped
from pushdeploy.model.text import escaped
from pushdeploy.model.viewpoint import where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.model.viewpoint import Viewpoint

PLAIN = re.compile(r"[\w./:=@%+,-]+(?: [\w./:=@%+,-]+)*", re.ASCII)
"""A command that ssh hands on as it is typed."""

LONG_STEP_SECONDS = 0.5
"""Shorter steps need no figure."""

CONDA = "environment.yml"
"""`Source.CONDA`, whose import would take longer than all this."""

NO_LIST = "No list of packages in the repo: making an empty venv"

Reading = (
    events.AttemptStarted
    | events.CheckedOut
    | events.ProcessTypesFound
    | events.FilesPassedOver
    | events.DatabaseWanted
    | events.ConfigVarsMade
    | events.SettingsApplied
    | events.WorkersDefaulted
    | events.OneShotsFound
)
"""Events of what the commit says."""

Installing = (
    events.SystemPackagesInstalling
    | events.SystemPackagesInstalled
    | events.PythonFetching
    | events.PythonChosen
    | events.GunicornAdded
    | events.ListsPassedOver
    | events.BuildStarted
    | events.BuildOutput
    | events.Built
)
"""Events from then on, until there is a venv."""

Making = (
    events.StepStarted
    | events.StepOutput
    | events.StepsFinished
    | events.StaticFound
    | events.ReleasePhaseStarted
    | events.ReleasePhaseOutput
    | events.ReleasePhaseFinished
)
"""Events from then on, until the release can be started."""

GoingLive = (
    events.WebStarting
    | events.WebUnhealthy
    | events.WebHealthy
    | events.Switched
    | events.WorkersChanged
    | events.WebStayedUp
    | events.PostdeployFound
    | events.WentLive
    | events.RolledBack
    | events.ScheduleChanged
    | events.RestoreStep
    | events.Warned
    | events.AttemptFailed
    | events.AttemptEnded
)
"""Events from then on."""

Known = Reading | Installing | Making | GoingLive


def lines(event: Known, seen: Viewpoint | None = None) -> Iterator[str]:
    """The lines that a person sees for an event; `seen` from where, `None` is this machine."""
    match event:
        case events.AttemptStarted(app=app, commit=commit, kind=kind):
            yield STEP + f"{_verb(kind)} {app}" + (f", {commit[:8]}" if commit else "")
        case events.CheckedOut(subject=subject, seconds=seconds):
            yield from wrapped(DETAIL, escaped(subject) + _took(seconds))
        case events.ProcessTypesFound():
            yield from _process_types(event)
        case events.FilesPassedOver(files=files):
            yield from wrapped(DETAIL, f"For other platforms, passed over: {', '.join(files)}")
        case events.DatabaseWanted(database=database, variable=variable, command=command):
            yield from wrapped(DETAIL, f"app.json asks for {database}; {variable} is not set. Run:")
            yield DETAIL + typed(f"  {command}")
        case events.ConfigVarsMade(names=names):
            yield from wrapped(DETAIL, f"Config vars set as app.json says: {', '.join(names)}")
        case events.SettingsApplied(file=file, done=done):
            yield from wrapped(DETAIL, f"As {file} says: {', '.join(done)}")
        case events.WorkersDefaulted(types=types, app=app):
            yield from wrapped(DETAIL, f"{', '.join(types)}: one instance each. To scale:")
            yield DETAIL + typed(f"  pushdeploy ps:scale --app {app} {types[0]}=2")
        case events.OneShotsFound(types=types, app=app):
            yield from wrapped(DETAIL, f"{', '.join(types)}: not started, since it runs once.")
            yield DETAIL + typed(f"  pushdeploy run --app {app} {types[0]}")
        case _:
            yield from _installing(event, seen)


def _installing(event: Installing | Making | GoingLive, seen: Viewpoint | None) -> Iterator[str]:  # noqa: C901 - one case an event, none nested
    match event:
        case events.SystemPackagesInstalling(packages=packages):
            yield STEP + "Installing system packages (Aptfile)"
            yield from wrapped(DETAIL, ", ".join(packages))
        case events.SystemPackagesInstalled(seconds=seconds):
            yield DETAIL + "Done" + _took(seconds)
        case events.PythonFetching(version=version, source=source):
            yield STEP + f"Fetching Python {version} ({source}) with uv"
        case events.PythonChosen(version=version, source=source, asked=asked):
            by = f", {source}" if " " in source else f" ({source})"
            yield STEP + f"Using Python {version}{by}"
            if asked:
                yield DETAIL + f"{source} asks for {asked}; any {_minor(asked)} is taken"
        case events.GunicornAdded(server=server, source=source):
            missing = f"is missing from {source}" if source else "is in no list of packages"
            yield from wrapped(DETAIL, f"{server} {missing}: adding it")
        case events.ListsPassedOver(source=source, passed_over=others):
            yield from wrapped(DETAIL, f"{source} counts; passed over: {', '.join(others)}")
        case events.BuildStarted(source=source):
            tool = "py-rattler and uv" if source == CONDA else "uv"
            yield STEP + (f"Installing {source} with {tool}" if source else NO_LIST)
        case events.BuildOutput(line=line):
            yield DETAIL + escaped(line)
        case events.Built(reused=reused, seconds=seconds, source=source):
            unchanged = f"{source} is unchanged: venv reused" if source else "Venv reused"
            yield DETAIL + (unchanged if reused else "Done") + _took(seconds)
        case _:
            yield from _making(event, seen)


def _making(event: Making | GoingLive, seen: Viewpoint | None) -> Iterator[str]:
    match event:
        case events.StepOutput(line=line) | events.ReleasePhaseOutput(line=line):
            yield DETAIL + escaped(line)
        case events.StepStarted(command=command):
            yield STEP + f"$ {escaped(command)}"
        case events.StepsFinished(reused=reused, seconds=seconds):
            done = "Nothing that is built from has changed: build reused" if reused else "Done"
            yield DETAIL + done + _took(seconds)
        case events.StaticFound(url=url, folder=folder):
            yield from wrapped(DETAIL, f"nginx serves {url}/ from {folder}/")
        case events.ReleasePhaseStarted(command=command):
            yield STEP + f"Running release command: {escaped(command)}"
        case events.ReleasePhaseFinished(seconds=seconds):
            yield DETAIL + "Done" + _took(seconds)
        case _:
            yield from _going_live(event, seen)


def _going_live(event: GoingLive, seen: Viewpoint | None) -> Iterator[str]:  # noqa: C901, PLR0912 - the same
    match event:
        case events.WebStarting(release=release):
            yield STEP + f"Starting web of v{release}"
        case events.ScheduleChanged(jobs=jobs):
            yield from wrapped(DETAIL, f"Scheduled jobs: {', '.join(jobs) or 'none any more'}")
        case events.WebUnhealthy(what=what):
            yield from wrapped(DETAIL, f"{escaped(what)}; asking again")
        case events.WebHealthy(url=url, status=status, seconds=seconds):
            answered = f"GET {url} answered {status}" if status else "web listens on $PORT"
            yield DETAIL + answered + _took(seconds)
        case events.Switched(release=release, previous=previous):
            yield STEP + f"Switching to v{release}" + (f" from v{previous}" if previous else "")
        case events.WorkersChanged(instances=instances, back_to=None):
            yield from wrapped(DETAIL, f"Started {', '.join(instances)}: up and running")
        case events.WorkersChanged(instances=instances, back_to=release):
            yield from wrapped(DETAIL, f"Started {', '.join(instances)} of v{release} again")
        case events.WebStayedUp(instance=instance, seconds=seconds):
            yield DETAIL + f"{instance} has stayed up for {seconds:.0f} s"
        case events.PostdeployFound(command=command, app=app):
            yield from _postdeploy(command, app)
        case events.WentLive(app=app, release=release, addresses=addresses, seconds=seconds):
            yield RESULT + f"{app} v{release} is live ({seconds:.1f} s)"
            yield from _where(addresses, seen)
        case events.RolledBack():
            yield from _rolled_back(event)
        case events.RestoreStep(text=text):
            yield from wrapped(STEP, escaped(text))
        case events.Warned(text=text, hint=hint):
            yield from wrapped(PROBLEM, f"Warning: {text}")
            if hint:
                yield PROBLEM + typed(hint)
        case events.AttemptFailed():
            yield from _failed(event)
        case events.AttemptEnded():
            return
        case _:
            assert_never(event)


def _process_types(event: events.ProcessTypesFound) -> Iterator[str]:
    yield STEP + "Discovering process types"
    if not event.guessed:
        yield from wrapped(DETAIL, f"Procfile declares types -> {', '.join(event.types)}")
        return
    article = "an" if event.guessed.startswith("ASGI") else "a"
    found = f"{article} {escaped(event.guessed)}"
    yield from wrapped(DETAIL, f"No Procfile: found {found}, so web is")
    yield from wrapped(f"{DETAIL}  ", escaped(event.command), cut=False)


def _postdeploy(command: str, app: str) -> Iterator[str]:
    yield from wrapped(DETAIL, "app.json has a postdeploy script, to run once by hand:")
    if PLAIN.fullmatch(command):
        yield from wrapped(f"{DETAIL}  ", typed(f"pushdeploy run --app {app} {command}"), cut=False)
        return
    yield DETAIL + typed(f"  pushdeploy run --app {app} bash")
    yield from wrapped(f"{DETAIL}  ", command, cut=False)


def _where(addresses: tuple[str, ...], seen: Viewpoint | None) -> Iterator[str]:
    for line, command in where(addresses, seen):
        yield from wrapped(DETAIL, line) if line else [f"{DETAIL}  {command}"]


def _failed(event: events.AttemptFailed) -> Iterator[str]:
    yield PROBLEM.rstrip()
    if event.report:
        yield from (PROBLEM + escaped(line) for line in event.report)
        yield PROBLEM.rstrip()
    live = _still_live(event)
    if event.release_phase:
        live += " The release command had already run; its changes to the database stay."
    yield from wrapped(PROBLEM, live)
    yield from wrapped(PROBLEM, f"Failed: {event.reason}")
    if event.hint:
        yield from wrapped(PROBLEM, f"Next: {typed(event.hint)}", cut=False)


def _still_live(event: events.AttemptFailed) -> str:
    if not event.still_live:
        return "Nothing is live yet."
    if event.trouble:
        return f"v{event.still_live} should be live, but it {event.trouble}."
    return f"v{event.still_live} is still live."


def _rolled_back(event: events.RolledBack) -> Iterator[str]:
    how = "it was still warm" if event.warm else "it had to boot"
    what = f"{event.app} v{event.release} is live again"
    yield RESULT + f"{what} after {event.seconds:.2f} s: {how}"
    yield DETAIL + "Code, packages and config vars went back. The database did not."
    yield DETAIL + typed(f"To undo: pushdeploy rollback v{event.previous} --app {event.app}")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _verb(kind: str) -> str:
    verbs = {
        "deploy": "Deploying",
        "config": "Changing config vars of",
        "restart": "Restarting",
        "scale": "Scaling",
        "storage": "Changing storage of",
        "rollback": "Rolling back",
        "rebuild": "Rebuilding",
    }
    return verbs.get(kind, "Changing")


def _took(seconds: float) -> str:
    return f" ({seconds:.1f} s)" if seconds >= LONG_STEP_SECONDS else ""
