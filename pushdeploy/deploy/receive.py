"""Receive: what a push may bring, seen before anything of it is stored. Imports little.

Runs as the receiver inside `git receive-pack`, with the new objects in quarantine (githooks(5)).
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.dependency_file import find_dependency_file
from pushdeploy.model.procfile import parse_procfile
from pushdeploy.model.refname import branch_of, is_deployable_first_branch, parse_branch_name
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
LISTING_LIMIT = 64 << 20
"""Bytes of names and facts: `MOST_FILES` with long paths."""

DISK_RESERVE = 128 << 20
"""Bytes that must stay free beside a checkout of the tree."""

TEXT_LIMIT = 1 << 20
UNDECODABLE = "\ufffd"
"""What stands for bytes that are not UTF-8; nobody writes it into a Procfile."""

ZERO = re.compile(r"0+")
STATIC = "static"
LINK = "120000"
"""The mode of a symbolic link in a tree."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `git ls-tree`."""

    mode: str
    kind: str
    id: str
    size: int
    path: str


def receive_pack(repo: str, hooks: str, facts: Mapping[str, str], *descriptors: int) -> Command:
    """`git receive-pack` with our hooks and settings, which outrank the repo's own.

    The hooks inherit the descriptors.

    The environment is built from nothing: what a client sent along (LC_*, GIT_*) stays out.
    """
    settings = {
        "receive.fsckObjects": "true",
        "receive.denyDeletes": "true",
        "receive.maxInputSize": LARGEST_PACK,
        "receive.advertisePushOptions": "false",
        "receive.autogc": "false",
        "receive.denyCurrentBranch": "ignore",
        "transfer.unpackLimit": "1000",
        "core.hooksPath": hooks,
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


def check_push(updates: str, branch: str) -> None:
    """Refuse what can't be deployed.

    Args:
        updates: one `old new ref` line per updated ref.
        branch: the deploy branch; empty before the first push.

    Raises:
        RefusedInputError: with the command that would work.
    """
    lines = [line.split(" ", 2) for line in updates.splitlines()]
    for _, new, ref in lines:
        _check_ref(ref, new, branch)
    if len(lines) > 1:
        refs = ", ".join(quoted(ref) for _, _, ref in lines)
        raise RefusedInputError(
            f"one branch is deployed, and this push brings {len(lines)} refs: {refs}",
            hint=f"git push production {branch or 'main'}",
        )
    for _, new, _ in lines:
        check_tree(new)


def _check_ref(ref: str, new: str, branch: str) -> None:
    name = branch_of(ref)
    wanted = branch or "main"
    if name is None:
        raise RefusedInputError(
            f"{quoted(ref)} is no branch; only the branch `{wanted}` is deployed",
            hint=f"git push production {wanted}",
        )
    if ZERO.fullmatch(new):
        raise RefusedInputError(
            f"{quoted(name)} can't be deleted: the app runs it",
            hint="pushdeploy apps:destroy deletes the app",
        )
    if branch and name != branch:
        raise RefusedInputError(
            f"{quoted(name)} is not deployed; the deploy branch is `{branch}`",
            hint=f"git push production {_shown(name)}:{branch}",
        )
    if not branch and not is_deployable_first_branch(name):
        raise RefusedInputError(
            f"the first push sets the deploy branch, `main` or `master`, not {quoted(name)}",
            hint=f"git push production {_shown(name)}:main",
        )
    parse_branch_name(name)


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name) else "HEAD"


def check_tree(commit: str) -> None:
    """Refuse a commit whose tree can't become a release.

    Raises:
        RefusedInputError: naming the file or path.
    """
    entries = _entries(commit)
    _check_entries(entries)
    root = {entry.path: entry for entry in entries if "/" not in entry.path}
    paths = [entry.path for entry in entries]
    if "Procfile" not in root:
        requirements = root.get("requirements.txt")
        line = suggest_procfile(paths, _text(requirements) if requirements else "")
        raise RefusedInputError(
            "there is no `Procfile` at the root of the repo, so we can't know how to start the app",
            hint=f"echo '{line}' > Procfile && git add Procfile && git commit -m 'Add a Procfile'",
        )
    parse_procfile(_text(root["Procfile"]))
    find_dependency_file(paths)
    if "app.json" in root:
        parse_app_json(_text(root["app.json"]))
    attributes = root.get(".gitattributes")
    if attributes is not None and "filter=lfs" in _text(attributes):
        raise RefusedInputError(
            "`.gitattributes` keeps files in Git LFS, and a push does not bring their content",
            hint="git lfs migrate export --everything --include='*'",
        )


def _entries(commit: str) -> list[Entry]:
    listing = _git("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    listed = command.run(listing, seconds=120, limit=LISTING_LIMIT)
    if len(listed.stdout) >= LISTING_LIMIT:
        raise _too_many(f"more than {LISTING_LIMIT >> 20} MiB of names")
    entries = []
    for line in listed.stdout.split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, kind, identity, size = facts.split()
            entries.append(Entry(mode, kind, identity, 0 if size == "-" else int(size), path))
    return entries


def _check_entries(entries: list[Entry]) -> None:
    if len(entries) > MOST_FILES:
        raise _too_many(f"{len(entries)} files, more than the {MOST_FILES} that we take")
    for entry in entries:
        if entry.kind == "commit":
            raise RefusedInputError(
                f"{quoted(entry.path)} is a submodule, and a push does not bring its content",
                hint=f"git rm --cached {_shown(entry.path)}, and add its files themselves",
            )
        if entry.mode == LINK and entry.path.startswith(f"{STATIC}/"):
            _check_static_link(entry)
        if "\n" in entry.path:
            raise RefusedInputError(
                f"the name {quoted(entry.path)} holds a line break", hint="git mv it to another"
            )
    size = sum(entry.size for entry in entries)
    free = shutil.disk_usage(Path.cwd()).free
    if size + DISK_RESERVE > free:
        raise RefusedInputError(
            f"the tree needs {format_size(size)} on disk and the server has "
            f"{format_size(free)} free, of which {format_size(DISK_RESERVE)} are kept",
            hint="df -h on the server; pushdeploy releases shows what is kept",
        )


def _check_static_link(entry: Entry) -> None:
    """nginx serves this folder to everybody: nothing in it may lead out of it."""
    target = command.run(_git("cat-file", "blob", entry.id)).stdout
    folder = posixpath.dirname(entry.path)
    if not posixpath.normpath(posixpath.join(folder, target)).startswith(f"{STATIC}/"):
        raise RefusedInputError(
            f"{quoted(entry.path)} is a link to {quoted(target)}, out of `{STATIC}/`, which "
            "everybody can read",
            hint=f"git rm {_shown(entry.path)}",
        )


def _too_many(what: str) -> RefusedInputError:
    hint = "git rm -r --cached what need not be deployed"
    return RefusedInputError(f"the tree has {what}", hint=hint)


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
    text = command.run(_git("cat-file", "blob", entry.id)).stdout
    if UNDECODABLE in text:
        raise RefusedInputError(
            f"`{entry.path}` is not UTF-8 text",
            hint=f"save {entry.path} as UTF-8, commit it and push again",
        )
    return text


def _git(*words: str) -> Command:
    """git in the repo that the hook runs in; the quarantine is in our environment."""
    return Command(["git", *words])
