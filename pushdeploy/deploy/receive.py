"""Receive: what a push may bring, seen before anything of it is stored. Imports little.

Runs as the receiver inside `git receive-pack`, with the new objects in quarantine (githooks(5)).
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.deploy.listing import Entry, entries, git, too_many
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.dependency_file import REQUIREMENTS, find_dependency_file
from pushdeploy.model.procfile import parse_procfile
from pushdeploy.model.push import PushPlan, parse_updates, plan_push
from pushdeploy.model.refname import KEPT_REFS
from pushdeploy.model.requirements import references
from pushdeploy.model.size import format_size
from pushdeploy.model.suggestion import suggest_procfile
from pushdeploy.model.text import quoted
from pushdeploy.system import command
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.network import network_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_PACK = "1g"
"""One push; `receive.maxInputSize` of git-config(1)."""

MOST_FILES = 200_000
DEEPEST = 100
"""Folders in folders; what walks a tree by calling itself ends near a thousand."""

DISK_RESERVE = 128 << 20
"""Bytes that must stay free beside a checkout of the tree."""

TEXT_LIMIT = 1 << 20
UNDECODABLE = "\ufffd"
"""What stands for bytes that are not UTF-8; nobody writes it into a Procfile."""

STATIC = "static"
LINK = "120000"
"""The mode of a symbolic link in a tree."""


def receive_pack(repo: str, hooks: str, facts: Mapping[str, str], *descriptors: int) -> Command:
    """`git receive-pack` with our hooks and settings, which outrank the repo's own.

    The hooks inherit the descriptors.

    The environment is built from nothing: what a client sent along (LC_*, GIT_*) stays out.
    """
    settings = {
        "receive.fsckObjects": "true",
        "receive.denyDeletes": "false",  # tags may go; our hooks keep the deploy branch
        "core.logAllRefUpdates": "false",
        "transfer.hideRefs": KEPT_REFS,
        "receive.maxInputSize": LARGEST_PACK,
        "receive.advertisePushOptions": "false",
        "receive.autogc": "false",
        "receive.denyCurrentBranch": "ignore",
        "transfer.unpackLimit": "1000",
        # Git's own choice after a power cut is an empty object under a name that it then believes
        # to have: every later push fails. `batch` needs one flush for all (git-config(1), 2.36).
        "core.fsync": "all",
        "core.fsyncMethod": "batch",
        "core.hooksPath": hooks,
        # What is larger is not held in memory while it is checked (git-config(1)).
        "core.bigFileThreshold": "32m",
        "core.fsmonitor": "false",
    }
    environment = {
        "PATH": CLEAN_PATH,
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **facts,
    }
    if "GIT_PROTOCOL" in os.environ:
        environment["GIT_PROTOCOL"] = os.environ["GIT_PROTOCOL"]
    if "PUSHDEPLOY_HOME" in os.environ:  # the client is the person whose machine this is
        environment["PUSHDEPLOY_HOME"] = os.environ["PUSHDEPLOY_HOME"]
        environment |= network_settings(os.environ)
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return Command(
        ["git", "receive-pack", repo], environment=environment, umask=0o027, pass_fds=descriptors
    )


def check_push(updates: str, branch: str, live: str = "") -> PushPlan:
    """Decide about each ref of a push, and refuse what can't be deployed.

    Args:
        updates: one `old new ref` line per updated ref.
        branch: the deploy branch; empty before the first push.
        live: the commit that is live; empty when nothing is.

    Raises:
        RefusedInputError: nothing of it is taken; with the command that would work.
    """
    plan = plan_push(parse_updates(updates), branch)
    if plan.deployed is not None:
        check_tree(plan.deployed.new, live)
    return plan


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name) else "HEAD"


def check_tree(commit: str, live: str = "") -> None:
    """Refuse a commit whose tree can't become a release.

    Raises:
        RefusedInputError: naming the file or path.
    """
    found = entries(commit, live)
    _check_entries(found)
    root = {entry.path: entry for entry in found if "/" not in entry.path}
    paths = [entry.path for entry in found]
    if "Procfile" not in root:
        requirements = root.get("requirements.txt")
        line = suggest_procfile(paths, _text(requirements) if requirements else "")
        raise RefusedInputError(
            "there is no `Procfile` at the root of the repo, so we can't know how to start the app",
            hint=f"echo '{line}' > Procfile && git add Procfile && git commit -m 'Add a Procfile'",
        )
    parse_procfile(_text(root["Procfile"]))
    find_dependency_file(paths)
    if root[REQUIREMENTS].size:  # it is another than the live one's
        references(_text(root[REQUIREMENTS]))
    if "app.json" in root:
        parse_app_json(_text(root["app.json"]))
    attributes = root.get(".gitattributes")
    if attributes is not None and "filter=lfs" in _text(attributes):
        raise RefusedInputError(
            "`.gitattributes` keeps files in Git LFS, and a push does not bring their content",
            hint="git lfs migrate export --everything --include='*'",
        )


def _check_entries(found: list[Entry]) -> None:
    if len(found) > MOST_FILES:
        raise too_many(f"{len(found)} files, more than the {MOST_FILES} that we take")
    for entry in found:
        if entry.kind == "commit":
            raise RefusedInputError(
                f"{quoted(entry.path)} is a submodule, and a push does not bring its content",
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
        f"{quoted(path)} lies {depth} folders deep, more than the {DEEPEST} that we take",
        hint=f"git rm -r --cached {_shown(top)}, if the app does not need it",
    )


def _check_static_link(entry: Entry) -> None:
    """nginx serves this folder to everybody: nothing in it may lead out of it."""
    target = command.run(git("cat-file", "blob", entry.id)).stdout
    end = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    inside = not end.startswith(("/", "../")) and end not in (".", "..")
    if not (inside if entry.path == STATIC else end.startswith(f"{STATIC}/")):
        raise RefusedInputError(
            f"{quoted(entry.path)} is a link to {quoted(target)}, out of `{STATIC}/`, which "
            "everybody can read",
            hint=f"git rm {_shown(entry.path)}",
        )


def _text(entry: Entry) -> str:
    if entry.mode == LINK:
        raise RefusedInputError(
            f"`{entry.path}` is a symbolic link; it must be a plain file",
            hint=f"replace {entry.path} by its content, and commit",
        )
    if entry.size > TEXT_LIMIT:
        raise RefusedInputError(
            f"`{entry.path}` has {entry.size} bytes, more than the {TEXT_LIMIT} that we read",
            hint=f"make {entry.path} smaller",
        )
    text = command.run(git("cat-file", "blob", entry.id)).stdout
    if UNDECODABLE in text:
        raise RefusedInputError(
            f"`{entry.path}` is not UTF-8 text",
            hint=f"save {entry.path} as UTF-8, commit it and push again",
        )
    return text
