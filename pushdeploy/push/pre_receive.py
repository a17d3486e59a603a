"""Receive: what a push may bring, seen before anything of it is stored. Imports little.

Runs as the git user inside `git receive-pack`, with the new objects in quarantine (githooks(5)).
"""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.dependency_file import REQUIREMENTS, find_dependency_file
from pushdeploy.model.procfile import PROCFILE, parse_procfile
from pushdeploy.model.push import (
    PushPlan,
    RefUpdate,
    parse_updates,
    plan_push,
    refused_shallow,
    refused_tag,
)
from pushdeploy.model.refname import branch_of
from pushdeploy.model.repo_settings import APP_JSON, missing_root, rooted
from pushdeploy.model.requirements import references
from pushdeploy.model.size import format_size
from pushdeploy.model.text import decode_any, quoted
from pushdeploy.model.tracked_file import LINK, TEXT_LIMIT, check_tracked
from pushdeploy.system.git_object import TAG, has_whole_history, is_child_of, kind_of, tag_name
from pushdeploy.system.git_program import Git
from pushdeploy.system.git_tree import LONGEST_NAME, Entry, content, entries, too_many

MOST_FILES = 200_000
DEEPEST = 100
"""Folders in folders; what walks a tree by calling itself ends near a thousand."""

DISK_RESERVE = 128 << 20
"""Bytes that must stay free beside a checkout of the tree."""

STATIC = "static"
HERE = Git()
"""In the repo and the quarantine that git gives its hook."""


def check_push(
    updates: str, branch: str, live: str = "", new: str = "", root: str = ""
) -> PushPlan:
    """Decide about each ref of a push, and refuse what can't be deployed.

    Args:
        updates: one `old new ref` line per updated ref.
        branch: the deploy branch; empty before the first push.
        live: the commit that is live; empty when nothing is.
        new: the app that the push would make; empty when it is there.
        root: the folder that becomes the release, if somebody has set it.

    Raises:
        RefusedInputError: nothing of it is taken; with the command that would work.
    """
    plan = plan_push(parse_updates(updates), branch, new)
    if plan.deployed is not None:
        _refuse_tag(plan.deployed)
        _refuse_shallow(plan.deployed)
        check_tree(plan.deployed.new, live, root)
    return plan


def _refuse_tag(update: RefUpdate) -> None:
    """A branch names a commit; git refuses a tag only later, and without a word about it."""
    if kind_of(HERE, update.new) == TAG:
        raise refused_tag(tag_name(HERE, update.new), branch_of(update.ref) or "")


def _refuse_shallow(update: RefUpdate) -> None:
    """git refuses it later, by words that say nothing to whoever did not choose a shallow clone."""
    if not is_child_of(update.new, update.old) and not has_whole_history(HERE, update.new):
        raise refused_shallow(update.new)


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name) else "HEAD"


def check_tree(commit: str, live: str = "", root: str = "") -> None:
    """Refuse a commit whose tree, or the folder `root` of it, can't become a release.

    Raises:
        RefusedInputError: naming the file or path.
    """
    found = entries(HERE, commit, live)
    _check_entries(found)
    whole = {entry.path: entry for entry in found}
    folder, _ = rooted(lambda path: _text(whole[path]) if path in whole else None, root)
    if folder:
        found = _below(found, folder)
    top = {entry.path: entry for entry in found if "/" not in entry.path}
    paths = [entry.path for entry in found]
    if PROCFILE in top:
        parse_procfile(_text(top[PROCFILE]))
    else:
        _see_that_web_can_be_guessed(found)
    needs = find_dependency_file(paths, lambda path: _text(top[path]))
    if needs.source == REQUIREMENTS and top[REQUIREMENTS].size:  # another than the live one's
        references(_text(top[REQUIREMENTS]))
    if APP_JSON in top:
        parse_app_json(_text(top[APP_JSON]))
    attributes = whole.get(".gitattributes")
    if attributes is not None and "filter=lfs" in _text(attributes):
        raise RefusedInputError(
            "`.gitattributes` keeps files in Git LFS, and a push does not include their content",
            hint="git lfs migrate export --everything --include='*'",
        )


def _below(found: list[Entry], folder: str) -> list[Entry]:
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


def _see_that_web_can_be_guessed(found: list[Entry]) -> None:
    from pushdeploy.model.web_guess import guess_or_refuse  # most repos have a Procfile

    by_path = {entry.path: entry for entry in found}

    def read(path: str) -> str | None:
        try:
            return _text(by_path[path]) if path in by_path else None
        except RefusedInputError:
            return None

    guess_or_refuse(by_path, read)


def _check_entries(found: list[Entry]) -> None:
    if len(found) > MOST_FILES:
        what = f"{len(found)} files, more than the {MOST_FILES} allowed"
        raise too_many(what, (one.path for one in found))
    for entry in found:
        if entry.kind == "commit":
            raise RefusedInputError(
                f"{quoted(entry.path)} is a submodule, and a push does not include its content",
                hint=f"git rm --cached {_shown(entry.path)}, and add its files themselves",
            )
        if entry.mode == LINK and f"{entry.path}/".startswith(f"{STATIC}/"):
            _check_static_link(entry)
        if entry.path.count("/") > DEEPEST:
            raise _too_deep(entry.path)
        if "\n" in entry.path:
            raise RefusedInputError(
                f"the name {quoted(entry.path)} contains a line break", hint="git mv it to another"
            )
    size = sum(entry.size for entry in found)
    free = shutil.disk_usage(Path.cwd()).free
    if size + DISK_RESERVE > free:
        raise RefusedInputError(
            f"the push needs {format_size(size)} on disk and the server has "
            f"{format_size(free)} free, of which {format_size(DISK_RESERVE)} are kept",
            hint="df -h on the server; pushdeploy releases shows what is kept",
        )


def _too_deep(path: str) -> RefusedInputError:
    top, depth = path.partition("/")[0], path.count("/")
    return RefusedInputError(
        f"{quoted(path)} is {depth} folders deep, more than the {DEEPEST} allowed",
        hint=f"git rm -r --cached {_shown(top)}, if the app does not need it",
    )


def _check_static_link(entry: Entry) -> None:
    """nginx serves this folder to everybody: nothing in it may lead out of it."""
    target = content(HERE, entry, LONGEST_NAME).decode(errors="replace")
    end = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    inside = not end.startswith(("/", "../")) and end not in (".", "..")
    if not (inside if entry.path == STATIC else end.startswith(f"{STATIC}/")):
        raise RefusedInputError(
            f"{quoted(entry.path)} is a link to {quoted(target)}, outside `{STATIC}/`, which "
            "everybody can read",
            hint=f"git rm {_shown(entry.path)}",
        )


def _text(entry: Entry) -> str:
    check_tracked(entry.path, entry.mode, entry.size)
    return decode_any(content(HERE, entry, TEXT_LIMIT), entry.path)
