"""An app's records on disk: settings, releases, attempts and history."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.model.app_layout import SETTINGS
from pushdeploy.model.attempt import Attempt, Outcome, read_attempts
from pushdeploy.model.environment import Environment, parse_shell, render_shell
from pushdeploy.model.history import History, read_history
from pushdeploy.model.release import Release, parse_release
from pushdeploy.model.settings import AppSettings, parse_settings, render_settings
from pushdeploy.system.files import File, append, write
from pushdeploy.system.json_lines import read_lines
from pushdeploy.system.locks import folder_held

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.layout import Layout

RELEASE = re.compile(r"v([1-9]\d*)")

RECORD = 0o640
"""The mode of a record that a push reads as `deploy`; no other user of the server does."""


@dataclass(frozen=True, slots=True)
class AppRecords:
    """Reads and writes the records of one app."""

    place: AppLayout

    def settings(self) -> AppSettings:
        """The app's settings.

        Raises:
            NotFoundError: there is no such app.
            RefusedInputError: the file can't be read; somebody has edited it.
        """
        try:
            return parse_settings(self.place.settings.read_text())
        except FileNotFoundError as error:
            raise NotFoundError(
                f"there is no app `{self.place.name}`", hint="pushdeploy apps"
            ) from error
        except RefusedInputError as error:
            raise RefusedInputError(
                f"{error} (of the app `{self.place.name}`)", hint=f"sudo nano {self.place.settings}"
            ) from error

    def save_settings(self, settings: AppSettings) -> None:
        """Replace the app's settings in one step; only of an app that nobody knows yet."""
        write(File(self.place.settings, render_settings(settings), RECORD, readers(self.place)))

    def change_settings(self, change: Callable[[AppSettings], AppSettings]) -> AppSettings:
        """Replace the app's settings by what `change` makes of them; returns the new ones.

        A deploy holds the app, a change of its site does not: each leaves the other's as they are.
        """
        with folder_held(self.place.root):
            settings = change(self.settings())
            self.save_settings(settings)
            return settings

    def live(self) -> int | None:
        """The number of the release that `current` names; `None` before the first."""
        try:
            target = os.readlink(self.place.current)
        except OSError:  # it is not there, or is not a link any more
            return None
        match = RELEASE.fullmatch(Path(target).name)
        return int(match[1]) if match else None

    def numbers(self) -> list[int]:
        """Releases in place, oldest first."""
        if not self.place.releases.is_dir():
            return []
        names = (RELEASE.fullmatch(name) for name in os.listdir(self.place.releases))
        return sorted(int(match[1]) for match in names if match)

    def release(self, number: int) -> Release:
        """One release.

        Raises:
            NotFoundError: there is none of that number.
        """
        try:
            return parse_release(self.place.release(number).record.read_text())
        except FileNotFoundError as error:
            app, present = (
                self.place.name,
                ", ".join(f"v{one}" for one in self.numbers()[-8:]) or "none",
            )
            if number == self.live():
                raise NotFoundError(
                    f"v{number} of `{app}` is live, and its record is gone",
                    hint=f"pushdeploy rebuild --app {app}",
                ) from error
            if any(one.release == number for one in self.all_attempts()):
                raise NotFoundError(
                    f"v{number} of `{app}` is no longer kept; these are: {present}",
                    hint=f"pushdeploy releases:output v{number} --app {app}",
                ) from error
            raise NotFoundError(
                f"`{app}` has no release v{number}; there are: {present}",
                hint=f"pushdeploy releases --app {app}",
            ) from error

    def current(self) -> Release | None:
        """The live release."""
        number = self.live()
        return None if number is None else self.release(number)

    def newest_tried(self) -> Release | None:
        """The newest release in place, of an app of which none was ever live."""
        numbers = self.numbers()
        return read_release_or_none(self, numbers[-1]) if numbers and self.live() is None else None

    def live_release(self) -> Release | None:
        """The same; `None` also when its record is gone.

        Raises:
            RefusedInputError: the record can't be read; maybe a newer version wrote it.
        """
        try:
            return self.current()
        except NotFoundError:
            return None

    def live_commit(self) -> str | None:
        """The commit that is live; by the attempts, when the release has lost its record."""
        number = self.live()
        if number is None:
            return None
        release = read_release_or_none(self, number)
        return self.commit_of(number) if release is None else release.commit.id

    def commit_of(self, number: int) -> str | None:
        """The commit that a release was made from, by the attempts."""
        return next((one.commit for one in self.all_attempts() if one.release == number), None)

    def environment(self) -> Environment:
        """The config vars: those of the live release, else those kept outside of releases."""
        number = self.live()
        there = number is not None and self.place.release(number).environment.exists()
        return self.environment_of(number if there else None)

    def environment_of(self, number: int | None) -> Environment:
        """The config vars of a release; `None` means those that lie outside of releases.

        They were set before the first, or are a copy of those of the live one.
        """
        path = (
            self.place.pending_environment
            if number is None
            else self.place.release(number).environment
        )
        try:
            return parse_shell(path.read_bytes().decode())  # as text, `\r` would become `\n`
        except FileNotFoundError:
            return Environment({})

    def save_pending_environment(self, environment: Environment) -> None:
        """Keep config vars outside of releases: for the first one, or as a copy."""
        write(File(self.place.pending_environment, render_shell(environment), 0o600))

    def attempts(self) -> list[Attempt]:
        """The tries that are not archived, oldest first: always the newest hundred."""
        return read_attempts(read_lines(self.place.attempts))

    def all_attempts(self) -> list[Attempt]:
        """Every try there ever was, oldest first; slow after ten thousand."""
        archived = read_lines(self.place.attempts_archive)
        return read_attempts([*archived, *read_lines(self.place.attempts)])

    def history(self) -> History:
        """What was live, and when."""
        return read_history(read_lines(self.place.history))

    def next_release(self) -> int:
        """A number that was never used."""
        used = [0, *self.numbers()]
        used += [attempt.release for attempt in self.attempts() if attempt.release]
        used += [change.release for change in self.history().changes]
        return max(used) + 1

    def note_attempt(self, number: int, **changes: object) -> None:
        """Append what is new of an attempt."""
        append(self.place.attempts, {"attempt": number, **changes}, mode=0o600)

    def note_history(self, **record: object) -> None:
        """Append a line of history."""
        append(self.place.history, record, mode=0o600)

    def end_dead_attempts(self, switched: int | None) -> list[Attempt]:
        """Mark attempts that never ended; call with the lock held, when none can be running.

        That of the release `switched` has done what it was for: its release is live.
        """
        dead = [one for one in self.attempts() if one.outcome is Outcome.RUNNING]
        for attempt in dead:
            live = switched is not None and attempt.release == switched
            self.note_attempt(attempt.number, outcome=Outcome.LIVE if live else Outcome.ABANDONED)
        return dead


def readers(place: AppLayout) -> int | None:
    """The group that may read the app's records: that of its tries; `None` is whichever it is."""
    try:
        return place.attempts.stat().st_gid
    except FileNotFoundError:
        return None


def app_names(apps: Path) -> dict[str, Path]:
    """The folders of all apps by name, those that have settings."""
    if not apps.is_dir():
        return {}
    found = sorted(apps.iterdir())
    return {
        path.name: path for path in found if path.name[0] != "." and (path / SETTINGS).is_file()
    }


def readable_settings(layout: Layout) -> tuple[dict[str, AppSettings], frozenset[str]]:
    """The settings of all apps, and the apps whose own can't be read: they hold up no other."""
    found: dict[str, AppSettings] = {}
    broken = set()
    for app in app_names(layout.apps):
        try:
            found[app] = AppRecords(layout.app(app)).settings()
        except RefusedInputError:
            broken.add(app)
    return found, frozenset(broken)


def read_release_or_none(records: AppRecords, number: int) -> Release | None:
    """A release, or `None` when it is not there or can't be read."""
    try:
        return records.release(number)
    except (NotFoundError, RefusedInputError):
        return None
