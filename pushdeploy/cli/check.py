"""`check`: what the server would refuse, found on the laptop before a push."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.cli.style import DETAIL, PROBLEM, RESULT, STEP
from pushdeploy.engine.registry import App
from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pushdeploy.cli.target import Target
    from pushdeploy.model.asked_python import AskedPython
    from pushdeploy.model.dependency_file import Source
    from pushdeploy.system.git import Checkout
    from pushdeploy.system.git_tree import Entry

    Read = Callable[[str], str | None]

EXECUTABLE = "100755"
CONDA = "environment.yml"
OLDEST = (3, 8)
"""The Python that uv can still fetch; a server may have an older one itself."""
FRAMEWORK = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+(django|flask|fastapi|starlette|quart|litestar|bottle|falcon)\b",
    re.MULTILINE,
)
"""What an app needs to start, and Python does not have by itself."""

SECRETS = (".env", ".env.production", "id_rsa", "id_ed25519")
"""Names under which people keep secrets."""


@command("check", example="pushdeploy check", app=App.NONE, anywhere=True)
@click.argument("revision", default="HEAD")
@click.option("--root", default="", metavar="FOLDER", help="The folder set by `apps:set root`.")
def check(target: Target, *, revision: str, root: str) -> None:
    """Find what the server would refuse, before a push.

    Looks at the last commit of the repo you are in, or at REVISION, as the server does. It can't
    see what only the server knows: its Pythons, its config vars, its free disk.
    """
    checkout = repo_here(target)
    from pushdeploy.build.tree_check import below, check_tree, text_of
    from pushdeploy.model.repo_root import rooted
    from pushdeploy.model.repo_settings import parse_root
    from pushdeploy.system.git_program import Git
    from pushdeploy.system.git_tree import entries

    commit = _commit(checkout.folder, revision)
    say(f"{STEP}Checking {commit[:8]}")
    git = Git(checkout.git_folder)
    root = parse_root(root) if root else ""
    check_tree(git, commit, root=root)
    whole = {one.path: one for one in entries(git, commit)}
    text = partial(text_of, git)
    folder, _ = rooted(lambda path: text(whole[path]) if path in whole else None, root)
    found = {
        one.path: one for one in (below([*whole.values()], folder) if folder else whole.values())
    }

    def read(path: str) -> str | None:
        return text(found[path]) if path in found else None

    say(*(f"{DETAIL}{line}" for line in _told(found, read, folder)))
    warnings = [*_warnings(found, whole, read), *_left_behind(checkout, revision)]
    say(*(f"{PROBLEM}{line}" for line in warnings))
    missing = _unlisted(found, read)
    if missing:
        module, file = missing
        say(
            f"{PROBLEM}{file} imports {module}, and no file lists any packages:",
            f"{PROBLEM}write a requirements.txt, or no process of the app can start",
        )
    would = "but the app would not start" if missing else ""
    say(f"{RESULT}The server would take {commit[:8]}{', ' if would else ''}{would}")


def _commit(folder: Path, revision: str) -> str:
    from pushdeploy.system.git import commit_of

    commit = commit_of(folder, revision)
    if commit is not None:
        return commit
    if revision == "HEAD":
        raise NotFoundError(
            "the repo has no commit yet", hint="git add --all && git commit -m 'First commit'"
        )
    raise NotFoundError(f"{quoted(revision)} is not a commit of this repo", hint="git log")


def repo_here(target: Target) -> Checkout:
    """The checkout in which a person types.

    Raises:
        UsageError: the words came over ssh.
        NotFoundError: it is none.
    """
    if getattr(target, "over_ssh", False):
        raise UsageError(
            "this is the server, and your repo is on your machine",
            hint="in the app's repo: pushdeploy check",
        )
    from pushdeploy.system.git import checkout_of

    checkout = checkout_of(Path.cwd())
    if checkout is None:
        raise NotFoundError("this folder is not in a git repo", hint="git init")
    return checkout


def _told(found: Mapping[str, Entry], read: Read, folder: str) -> Iterator[str]:
    """What the server would find."""
    from pushdeploy.model.asked_python import asked_python
    from pushdeploy.model.dependencies import find_dependencies
    from pushdeploy.model.dependency_file import Source
    from pushdeploy.model.platform_files import passed_over
    from pushdeploy.model.procfile import PROCFILE, parse_procfile
    from pushdeploy.model.web_guess import guess_or_refuse

    if folder:
        yield f"{folder}/ becomes the release"
    procfile, used = read(PROCFILE), ""
    if procfile is None:
        guess = guess_or_refuse(found, lambda path: _or_none(read, path))
        procfile, used = guess.procfile, guess.file
        yield f"No Procfile; by the {guess.what}: {guess.procfile.strip()}"
    names = [line.name for line in parse_procfile(procfile).lines]
    yield f"Process types: {', '.join(names)}"
    needs = find_dependencies(list(found), read)
    listed = "none: nothing lists any" if needs.source is Source.NOTHING else f"{needs.source}"
    yield f"Packages: {listed}"
    if needs.passed_over:
        yield f"Not read: {', '.join(needs.passed_over)}"
    yield f"Python: {_python(asked_python(read), needs.source)}"
    others = passed_over(found, read("app.json") or "", used)
    if others:
        yield f"For other platforms, not read: {', '.join(others)}"


def _python(python: AskedPython, source: Source) -> str:
    if source == CONDA:
        return f"that of {source}"
    if python.versions:
        return f"{python.versions}, as {python.file} asks"
    return "the server's own, as no file asks for one"


def _or_none(read: Read, path: str) -> str | None:
    try:
        return read(path)
    except RefusedInputError:
        return None


def _warnings(found: Mapping[str, Entry], whole: Mapping[str, Entry], read: Read) -> Iterator[str]:
    """What is no reason to refuse, and yet surely not meant."""
    from pushdeploy.model.appjson import parse_app_json
    from pushdeploy.model.asked_python import asked_python
    from pushdeploy.model.dependencies import find_dependencies
    from pushdeploy.model.dependency_file import TOOLS
    from pushdeploy.model.procfile import PROCFILE, parse_procfile
    from pushdeploy.model.python_version import version_or_none

    needs = find_dependencies(list(found), read)
    if needs.stale:
        yield f"{needs.source} is older than what it is made from: {TOOLS[needs.source]} lock"
    python = asked_python(read)
    version = version_or_none(python.versions)
    if needs.source != CONDA and version and (version.major, version.minor) < OLDEST:
        yield f"{python.file} asks for Python {version}, which a server can't fetch any more"
    app_json = read("app.json")
    for one in parse_app_json(app_json).env if app_json else ():
        if one.required and one.value is None and not one.secret:
            yield f"before the first push: pushdeploy config:set {one.name}=VALUE"
    for line in parse_procfile(read(PROCFILE) or "web: true").lines:
        script = line.command.split()[0].removeprefix("./")
        entry = found.get(script)
        if entry is not None and entry.mode != EXECUTABLE:
            yield f"{script} is not executable: git update-index --chmod=+x {script}"
    for name in SECRETS:
        if name in whole:
            yield f"{name} is in git, for all who can read the repo: git rm --cached {name}"


def _unlisted(found: Mapping[str, Entry], read: Read) -> tuple[str, str] | None:
    """A framework that a file at the root or `manage.py` needs, where nothing is installed."""
    from pushdeploy.model.dependencies import find_dependencies
    from pushdeploy.model.dependency_file import Source

    if find_dependencies(list(found), read).source is not Source.NOTHING:
        return None
    for file in sorted(name for name in found if name.endswith(".py") and "/" not in name):
        match = FRAMEWORK.search(_or_none(read, file) or "")
        if match is not None:
            return match[1], file
    return None


def _left_behind(checkout: Checkout, revision: str) -> Iterator[str]:
    if checkout.uncommitted and revision == "HEAD":
        files = "1 file is" if checkout.uncommitted == 1 else f"{checkout.uncommitted} files are"
        yield f"{files} not committed; a push brings what is committed"
