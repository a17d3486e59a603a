"""What can become a release: a commit's tree, looked at before anything is made of it.

Imports little: git's hook looks at each push, and `pushdeploy check` on the laptop.
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.dependency_file import PRE_COMPILE, REQUIREMENTS, Source, find_dependency_file
from pushdeploy.model.not_pushed import refuse_lfs, refused_submodule
from pushdeploy.model.procfile import PROCFILE, parse_procfile
from pushdeploy.model.repo_root import missing_root, rooted
from pushdeploy.model.repo_settings import APP_JSON
from pushdeploy.model.requirements import references
from pushdeploy.model.storage import tracked
from pushdeploy.model.text import decode_any, quoted
from pushdeploy.model.tracked_file import LINK, TEXT_LIMIT, check_tracked
from pushdeploy.system.git_tree import LONGEST_NAME, Entry, content, entries, too_many

if TYPE_CHECKING:
    from pushdeploy.system.git_program import Git

MOST_FILES = 200_000
DEEPEST = 100
"""Folders in folders; what walks a tree by calling itself ends near a thousand."""

STATIC = "static"


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name) else "HEAD"


def check_tree(git: Git, commit: str, live: str = "", root: str = "", new: str = "") -> int:
    """Refuse a commit whose tree, or the folder `root` of it, can't become a release.

    `new` is the app that the push would make, and empty when it is there.

    Returns the bytes of its files; one that the `live` commit has too needs no room, and counts 0.

    Raises:
        RefusedInputError: naming the file or path.
    """
    found = entries(git, commit, live)
    _check_entries(git, found)
    size = sum(entry.size for entry in found)
    text = partial(text_of, git)
    whole = {entry.path: entry for entry in found}
    folder, settings = rooted(lambda path: text(whole[path]) if path in whole else None, root)
    if folder:
        found = below(found, folder)
    for one in settings.storage:
        if any(f"{entry.path}/".startswith(f"{one}/") for entry in found):
            raise tracked(one)
    top = {entry.path: entry for entry in found if "/" not in entry.path}
    paths = [entry.path for entry in found]
    if PROCFILE in top:
        parse_procfile(text(top[PROCFILE]))
    else:
        _see_that_web_can_be_guessed(git, found, new)
    if PRE_COMPILE not in paths:  # which may write them
        _see_that_lists_can_be_read(git, paths, top)
    if APP_JSON in top:
        parse_app_json(text(top[APP_JSON]))
    attributes = whole.get(".gitattributes")
    if attributes is not None and "filter=lfs" in (said := text(attributes)):
        refuse_lfs(said)
    return size


def _see_that_lists_can_be_read(git: Git, paths: list[str], top: dict[str, Entry]) -> None:
    """An entry without a size is one that the live release has too."""
    needs = find_dependency_file(paths, lambda path: text_of(git, top[path]))
    if needs.source == REQUIREMENTS and top[REQUIREMENTS].size:
        references(text_of(git, top[REQUIREMENTS]))
    if needs.source is Source.CONDA and top[needs.source].size:
        from pushdeploy.model.conda_file import parse_conda_file  # few repos have one

        parse_conda_file(text_of(git, top[needs.source]))


def below(found: list[Entry], folder: str) -> list[Entry]:
    """What a folder has, by paths that begin there."""
    start = f"{folder}/"
    inner = [
        one._replace(path=one.path.removeprefix(start))
        for one in found
        if one.path.startswith(start)
    ]
    if not inner:
        raise missing_root(folder)
    return inner


def _see_that_web_can_be_guessed(git: Git, found: list[Entry], new: str) -> None:
    from pushdeploy.model.sub_apps import refuse_sub_apps  # most repos have a Procfile
    from pushdeploy.model.web_guess import guess_of, guess_or_refuse

    by_path = {entry.path: entry for entry in found}

    def read(path: str) -> str | None:
        try:
            return text_of(git, by_path[path]) if path in by_path else None
        except RefusedInputError:
            return None

    refuse_sub_apps(by_path, read, guess_of(by_path, read), new)
    guess_or_refuse(by_path, read)


def _check_entries(git: Git, found: list[Entry]) -> None:
    if len(found) > MOST_FILES:
        what = f"{len(found)} files, more than the {MOST_FILES} allowed"
        raise too_many(what, (one.path for one in found))
    for entry in found:
        if entry.kind == "commit":
            declared = any(one.path == ".gitmodules" for one in found)
            raise refused_submodule(entry.path, declared=declared)
        if entry.mode == LINK and f"{entry.path}/".startswith(f"{STATIC}/"):
            _check_static_link(git, entry)
        if entry.path.count("/") > DEEPEST:
            raise _too_deep(entry.path)
        if "\n" in entry.path:
            raise RefusedInputError(
                f"the name {quoted(entry.path)} contains a line break", hint="git mv it to another"
            )


def _too_deep(path: str) -> RefusedInputError:
    top, depth = path.partition("/")[0], path.count("/")
    return RefusedInputError(
        f"{quoted(path)} is {depth} folders deep, more than the {DEEPEST} allowed",
        hint=f"git rm -r --cached {_shown(top)}, if the app does not need it",
    )


def _check_static_link(git: Git, entry: Entry) -> None:
    """nginx serves this folder to everybody: nothing in it may lead out of it."""
    target = content(git, entry, LONGEST_NAME).decode(errors="replace")
    end = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    inside = not end.startswith(("/", "../")) and end not in (".", "..")
    if not (inside if entry.path == STATIC else end.startswith(f"{STATIC}/")):
        raise RefusedInputError(
            f"{quoted(entry.path)} is a link to {quoted(target)}, outside `{STATIC}/`, which "
            "everybody can read",
            hint=f"git rm {_shown(entry.path)}",
        )


def text_of(git: Git, entry: Entry) -> str:
    """A file's text.

    Raises:
        RefusedInputError: it is none, or too long.
    """
    check_tracked(entry.path, entry.mode, entry.size)
    return decode_any(content(git, entry, TEXT_LIMIT), entry.path)
