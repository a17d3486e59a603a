"""An app's storage folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.model.ended import Ended
from pushdeploy.model.repo_settings import APP_JSON
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Storage:
    """What every release shares."""

    shared: str
    """The folder of the server that the others lie in."""
    folders: tuple[str, ...]
    """Those that `storage:add` has added."""
    declared: tuple[str, ...] = ()
    """Those that only a file of the live release has."""
    file: str = APP_JSON
    """That file: `app.json` or `pyproject.toml`."""


@verb("storage", Storage, right=Right.LOOK, seconds=QUERY_SECONDS)
def storage(asked: Asked) -> Storage:
    """List the folders."""
    records = asked.records()
    added, current = tuple(records.settings().storage), records.current()
    declared = _declared(current, added)
    return Storage(str(records.place.shared), added, declared, _file(current))


def _declared(current: Release | None, added: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in current.storage if one not in added) if current else ()


def _file(current: Release | None) -> str:
    return (current.settings.file if current else "") or APP_JSON


@verb("storage.add", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def add(asked: Asked, *, folder: str) -> Ended:
    """Share a `folder`."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.release import Kind
    from pushdeploy.model.storage import parse_new_folder, storage_set

    new = parse_new_folder(folder, asked.app)

    def added(before: AppSettings) -> AppSettings:
        return before.changed(storage=storage_set([*before.storage, new]))

    change = Change(Kind.STORAGE, f"Add storage {new}/", settings=added)
    return change_release(asked.machine, asked.app, asked.session, change=change, who=asked.who)


@verb("storage.remove", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def remove(asked: Asked, *, folder: str) -> Ended:
    """Share a `folder` no more; what it holds stays."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.release import Kind
    from pushdeploy.model.storage import parse_storage_folder

    gone = parse_storage_folder(folder)
    current = asked.records().current()

    def without(before: AppSettings) -> AppSettings:
        if gone in _declared(current, before.storage):
            raise RefusedInputError(
                f"{_file(current)} declares `{gone}` as storage",
                hint="remove it there, and push again",
            )
        if gone not in before.storage:
            raise NotFoundError(
                f"`{gone}` is not a storage folder", hint=f"pushdeploy storage --app {asked.app}"
            )
        return before.changed(storage=tuple(one for one in before.storage if one != gone))

    change = Change(Kind.STORAGE, f"Remove storage {gone}/", settings=without)
    return change_release(asked.machine, asked.app, asked.session, change=change, who=asked.who)
