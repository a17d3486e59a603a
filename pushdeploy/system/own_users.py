"""Users and groups of ours on this machine: made with a mark, proven before anything is done.

A user is ours when its comment is our mark and our record, which only root can write, has its
number under its name. Anybody else's user or group of such a name is left alone, and refused.
"""

from __future__ import annotations

import pwd
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import FRONT, GIT_USER, MARK, NO_SHELL, NOWHERE, OURS
from pushdeploy.model.failed import Failed
from pushdeploy.model.ownership import PASSED
from pushdeploy.model.user_record import UserRecord, parse_user_record, render_user_record
from pushdeploy.system import users
from pushdeploy.system.files import File, make_folder, write
from pushdeploy.system.leftovers import delete_leftovers
from pushdeploy.system.locks import folder_held
from pushdeploy.system.users import find_group, find_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.model.layout import Layout

MACHINE = Path("/etc/machine-id")

NO_PASSWORD = "*"  # noqa: S105 - it is none
"""Matches no password. `!` would lock the user, and sshd without PAM then refuses its keys too."""

LOCKED = "!"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user as it should be."""

    name: str
    home: Path = NOWHERE
    shell: str = NO_SHELL
    password: str = LOCKED


@dataclass(frozen=True, slots=True)
class Foreign:
    """A user or group of one of our names that somebody else made."""

    kind: str
    name: str

    @property
    def message(self) -> str:
        """What is the matter."""
        return f"there is a {self.kind} `{self.name}` that pushdeploy did not create"

    @property
    def hint(self) -> str:
        """What makes room for ours, and takes nothing from anybody."""
        if self.kind == "user":
            return f"if nothing needs that name: usermod --login NEW-NAME {self.name}"
        return f"if nothing needs that name: groupmod --new-name NEW-NAME {self.name}"


class OwnUsers:
    """The users that we made on this machine."""

    def __init__(self, layout: Layout, machine: Path = MACHINE) -> None:
        self._layout = layout
        self._machine = machine

    @property
    def folder(self) -> Path:
        """Where the records lie."""
        return self._layout.accounts

    @property
    def _path(self) -> Path:
        """One a machine: what came with another server's files says nothing of this one."""
        try:
            name = self._machine.read_text().strip()
        except OSError:
            name = ""
        return self.folder / f"{name or 'this-machine'}.json"

    def foreign(self, *names: str) -> list[Foreign]:
        """Which users and groups of these names are somebody else's; changes nothing."""
        record = self._record()
        found = []
        for name in names:
            user, group = find_user(name), find_group(name)
            if user is not None and not _is_ours(user, record):
                found.append(Foreign("user", name))
            if group is not None and record.groups.get(name) != group.gr_gid:
                found.append(Foreign("group", name))
        return found

    def refuse_foreign(self, *names: str) -> None:
        """See that the names are free, or ours.

        Raises:
            UnavailableError: somebody else made a user or group of such a name.
        """
        for one in self.foreign(*names):
            raise UnavailableError(one.message, hint=one.hint)

    def ensure(self, *wanted: Wanted) -> list[str]:
        """Make users, each with a group of its own, or fix them; returns what was done.

        Raises:
            UnavailableError: somebody else made one of that name; nothing has changed then.
        """
        self.refuse_foreign(*(one.name for one in wanted))
        if not self._path.exists():
            with self._held():
                self._save(self._record())
        return [did for one in wanted for did in self._ensure(one)]

    def ensure_group(self, name: str) -> list[str]:
        """Make a group without a user.

        Raises:
            UnavailableError: somebody else made one of that name.
        """
        self.refuse_foreign(name)
        if find_group(name) is not None:
            return []
        with self._held():
            if find_group(name) is None:
                number = self._number(name)
                self._save(self._record().with_group(name, number))
                users.add_group(name, number)
        return [f"made the group {name}"]

    def remove(self, *names: str) -> list[str]:
        """Delete users of ours with their groups, and what lies about of theirs; others stay.

        Returns the names of those that were there.
        """
        strangers = {one.name for one in self.foreign(*names)}
        names = tuple(name for name in names if name not in strangers)
        there = [user for user in map(find_user, names) if user is not None]
        delete_leftovers({user.pw_name: user.pw_uid for user in there})
        for user in there:
            users.delete_user(user)
        gone = [user.pw_name for user in there]
        for name in names:
            if find_group(name) is not None:
                users.delete_group(name)
                gone.append(name)
        if gone:
            with self._held():
                self._save(_without(self._record(), names))
        return list(dict.fromkeys(gone))

    def names(self) -> list[str]:
        """All users of ours, those of the apps included."""
        record = self._record()
        return [
            user.pw_name for user in map(find_user, record.users) if user and _is_ours(user, record)
        ]

    def _ensure(self, wanted: Wanted) -> Iterator[str]:
        name = wanted.name
        found = find_user(name)
        if found is None:
            self._make(wanted)
            yield f"made the user {name}"
        elif (found.pw_dir, found.pw_shell) != (str(wanted.home), wanted.shell):
            refused = users.move_home(name, wanted.home, wanted.shell)
            if refused is None:
                yield f"set home and shell of the user {name}"
            else:
                yield Failed(f"the home of the user {name} could not be set: {refused}")

    def _make(self, wanted: Wanted) -> None:
        """Alone: another engine may find the same user missing."""
        with self._held():
            if find_user(wanted.name) is None:
                self._make_alone(wanted)

    def _make_alone(self, wanted: Wanted) -> None:
        """The record comes first: one without a user is nothing, a user without one is foreign."""
        name = wanted.name
        group = find_group(name)
        number = self._number(name)
        own = number if group is None else group.gr_gid
        self._save(self._record().with_user(name, number).with_group(name, own))
        if group is None:
            users.add_group(name, own)
        users.add_user(
            name,
            number=number,
            group=own,
            comment=MARK,
            home=wanted.home,
            shell=wanted.shell,
            password=wanted.password,
        )

    def _number(self, name: str) -> int:
        """The one that it had before, when somebody deleted it; else a new one."""
        record = self._record()
        before = record.users.get(name, record.groups.get(name))
        if before is not None and find_user(before) is None and _is_free_for(before, name):
            return before
        number = record.free_number(_is_taken)
        if number is None:
            raise UnavailableError(f"there is no free user id for `{name}`", hint="getent passwd")
        return number

    def _record(self) -> UserRecord:
        try:
            return parse_user_record(self._path.read_text())
        except FileNotFoundError:
            return self._first_record()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Nobody else makes or deletes users of ours meanwhile."""
        make_folder(self._layout.state, mode=PASSED, user=0, group=0)
        make_folder(self.folder, mode=0o700, user=0, group=0)
        with folder_held(self.folder):
            yield

    def _save(self, record: UserRecord) -> None:
        write(File(self._path, render_user_record(record), 0o600))

    def _first_record(self) -> UserRecord:
        """What an older version made here, which kept no record: by the mark and our own homes."""
        record = UserRecord()
        for user in pwd.getpwall():
            if _comment(user) == MARK and user.pw_dir in self._homes(user.pw_name):
                record = record.with_user(user.pw_name, user.pw_uid)
                group = find_group(user.pw_name)
                if group is not None and group.gr_gid == user.pw_gid:
                    record = record.with_group(group.gr_name, group.gr_gid)
        group = find_group(OURS)
        if group is not None and GIT_USER in record.users and GIT_USER in group.gr_mem:
            record = record.with_group(OURS, group.gr_gid)
        return record

    def _homes(self, name: str) -> tuple[str, ...]:
        """Where a user of ours may have its home; none for any other name."""
        if name == GIT_USER:
            return (str(self._layout.login_home),)
        if name == FRONT:
            return (str(NOWHERE),)
        kind, _, app = name.partition("-")
        place = self._layout.app(app)
        homes = {"pd": place.home, "pb": place.build_cache}
        return (str(homes[kind]), str(NOWHERE)) if kind in homes else ()


def _without(record: UserRecord, names: tuple[str, ...]) -> UserRecord:
    for name in names:
        record = record.without(name)
    return record


def _is_ours(user: pwd.struct_passwd, record: UserRecord) -> bool:
    return _comment(user) == MARK and record.users.get(user.pw_name) == user.pw_uid


def _comment(user: pwd.struct_passwd) -> str:
    return user.pw_gecos.split(",")[0]


def _is_taken(number: int) -> bool:
    return find_user(number) is not None or find_group(number) is not None


def _is_free_for(number: int, name: str) -> bool:
    """True when no group has the number, or this one."""
    found = find_group(number)
    return found is None or found.gr_name == name
