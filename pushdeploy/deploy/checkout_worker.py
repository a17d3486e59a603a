"""What runs as the git user (`deploy`): a child process that may touch repos and slugs.

One request as JSON on stdin, one answer as JSON on stdout. With exit status 3 that is an error, as
`model/wire.py` writes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pushdeploy.apps.first_push import sweep_first_pushes
from pushdeploy.deploy.build_files import build_files
from pushdeploy.deploy.slug import Former, make_slug, open_to_all
from pushdeploy.errors import NotFoundError, PushdeployError, RefusedInputError
from pushdeploy.model.asked_python import asked_python
from pushdeploy.model.dependencies import Dependencies, gather
from pushdeploy.model.dependency_file import Source, find_dependency_file
from pushdeploy.model.platform_files import passed_over
from pushdeploy.model.procfile import PROCFILE, parse_procfile
from pushdeploy.model.python_version import PYTHON_VERSION, RUNTIME_TXT
from pushdeploy.model.refname import push_command
from pushdeploy.model.release import Commit
from pushdeploy.model.repo_facts import look, render_facts
from pushdeploy.model.repo_settings import APP_JSON, missing_root, rooted
from pushdeploy.model.static_mount import DEFAULT_FOLDERS
from pushdeploy.model.storage import storage_set
from pushdeploy.model.text import quoted
from pushdeploy.model.tree import SUBJECT_LIMIT, Tree, render_tree
from pushdeploy.model.web_guess import guess_or_refuse
from pushdeploy.model.wire import error_record
from pushdeploy.system import git_room
from pushdeploy.system.files import delete_tree, sync_filesystem
from pushdeploy.system.git import Repository, keep_only, make_bare, point_head
from pushdeploy.system.git_locks import alone, writing
from pushdeploy.system.git_tree import files
from pushdeploy.system.own_limits import hold_to_limits

if TYPE_CHECKING:
    from collections.abc import Iterable

SLUG_FORMAT = "1"
"""Part of every slug's key; raised when a slug's content would differ for the same tree."""

MOST_LOOKED_AT = 20_000
"""Files of a commit whose names a failure looks at."""

NAMED = {"blob": "a file", "tree": "a folder"}
"""Kinds of git's objects that a tag may name."""


def check_out(request: dict[str, Any]) -> str:
    """Turn a revision into a slug.

    Request: `repo`, `slugs` (folders), `revision`, `storage` (folders of the app's settings),
    `former` (`commit` and `slug` of the live release, or null), `public` (what nginx serves),
    `root` (the folder that becomes the release, if somebody has set it).

    Raises:
        NotFoundError: there is no such revision.
        RefusedInputError: the tree can't be deployed.
    """
    repository = Repository(Path(request["repo"]))
    commit = repository.commit_id(request["revision"])
    if commit is None:
        raise _names_no_commit(repository, request["revision"])
    _, subject, author = repository.facts(commit)
    root, settings = rooted(partial(repository.text, commit), request.get("root", ""))
    place = f"{commit}:{root}" if root else commit
    tree_id = repository.tree_id(place)
    if tree_id is None:
        raise missing_root(root)
    procfile, guessed = _procfile(repository, place)
    app_json = repository.text(place, APP_JSON) or ""
    links = _storage(repository, place, [*settings.storage, *request["storage"]])
    key = _key(SLUG_FORMAT, tree_id, *links)
    slugs = Path(request["slugs"])
    former = _former(repository, slugs, links, request.get("former"), root)
    public = tuple(request.get("public", DEFAULT_FOLDERS))
    reused = not make_slug(repository.git, place, slugs / key, links, former, public)
    needs = _dependencies(repository, place)
    python = asked_python(partial(_text_for_python, repository, place))
    return render_tree(
        Tree(
            commit=Commit(commit, subject[:SUBJECT_LIMIT], author[:SUBJECT_LIMIT]),
            slug=key,
            tree=tree_id,
            reused=reused,
            procfile=procfile,
            app_json=app_json,
            python_version=python.versions,
            requirements=needs.texts,
            local=needs.local,
            storage=links,
            python_file=python.file,
            settings=settings,
            guessed=guessed,
            foreign=passed_over(
                repository.root_names(place), app_json, used=guessed.rpartition(" ")[2]
            ),
            source=needs.source,
            passed_over=needs.passed_over,
            project=needs.project,
            stale=needs.stale,
            packages=tuple(sorted(needs.packages)),
            build=build_files(slugs / key),
        )
    )


def _names_no_commit(repository: Repository, revision: str) -> NotFoundError:
    kind = NAMED.get(repository.kind(revision))
    if kind is not None:
        return NotFoundError(
            f"{quoted(revision)} names {kind} in the server's repo, and a commit is deployed",
            hint="name a branch, a tag of a commit, or a commit's id",
        )
    if repository.is_ambiguous(revision):
        return NotFoundError(
            f"several ids in the server's repo begin with {quoted(revision)}",
            hint="write more of the id",
        )
    return NotFoundError(
        f"{quoted(revision)} is not a commit in the server's repo",
        hint=f"push it first: {push_command(repository.deploy_branch())}, or the tag",
    )


def resolve(request: dict[str, Any]) -> str:
    """The commit that a revision names: `{"commit": id or null}`."""
    repository = Repository(Path(request["repo"]))
    return json.dumps({"commit": repository.commit_id(request["revision"])})


def look_at(request: dict[str, Any]) -> str:
    """What the files of `commit` say of a start that failed; `command`: its web line."""
    repository = Repository(Path(request["repo"]))
    commit = request["commit"]

    def read(name: str) -> str | None:
        try:
            return repository.text(commit, name)
        except RefusedInputError:
            return None

    names = list(files(repository.git, commit))
    return render_facts(look(read, names[:MOST_LOOKED_AT], request["command"]))


def open_folders(request: dict[str, Any]) -> str:
    """Let nginx read the folders `public` of every slug in `slugs`, or of the one named `only`.

    One that a build is filling is not ours yet.
    """
    only = request.get("only")
    for slug in Path(request["slugs"]).iterdir():
        if slug.name[0] != "." and only in (None, slug.name) and slug.stat().st_uid == os.geteuid():
            open_to_all(slug, request["public"])
    return "{}"


def make_repo(request: dict[str, Any]) -> str:
    """Make the bare repo `repo` with HEAD at `branch`, or fix it.

    With `taken`, a folder of our own, it becomes what that repo is; git may still run there.
    """
    path = Path(request["repo"])
    path.mkdir(exist_ok=True)
    with writing(path):
        if request.get("taken"):
            _move(Path(request["taken"]), path)
        elif not (path / "objects").is_dir():  # what is left names what is gone
            for left in path.iterdir():
                delete_tree(left)
        make_bare(path, request["branch"])
        point_head(path, request["branch"])
    sync_filesystem(path)  # git does not, and nothing fixes a repo whose files are empty
    return "{}"


def keep_branch(request: dict[str, Any]) -> str:
    """Make `branch` the only one that the bare repo `repo` has, or will have; HEAD names it."""
    path = Path(request["repo"])
    with writing(path):
        keep_only(path, request["branch"])
    return "{}"


def collect(request: dict[str, Any]) -> str:
    """Collect the bare repo `repo`, keeping the commits `kept`: the bytes before and after.

    `now`: also what was pushed a moment ago and nothing names; a push waits meanwhile.
    """
    path = Path(request["repo"])
    before = git_room.look(path).bytes
    git_room.be_nice()
    if request["now"]:
        with alone(path):
            git_room.collect(path, request["kept"], age=0)
    else:
        git_room.collect(path, request["kept"])
    return json.dumps({"before": before, "after": git_room.look(path).bytes})


def sweep(request: dict[str, Any]) -> str:
    """Delete what killed first pushes have left in `folder`."""
    return json.dumps(sweep_first_pushes(Path(request["folder"])))


def _move(source: Path, target: Path) -> None:
    """Everything in one folder into another, which is emptied first.

    HEAD, by which git knows a repo, comes last.
    """
    if (source / "HEAD").exists():
        for path in target.iterdir():
            delete_tree(path)
        for path in sorted(source.iterdir(), key=lambda one: one.name == "HEAD"):
            shutil.move(path, target / path.name)


def _procfile(repository: Repository, commit: str) -> tuple[str, str]:
    """The Procfile; without one what it could be, and what that is for."""
    text = repository.text(commit, PROCFILE)
    if text is not None:
        parse_procfile(text)
        return text, ""
    guess = guess_or_refuse(
        files(repository.git, commit), partial(_text_or_none, repository, commit)
    )
    return guess.procfile, guess.what


def _text_or_none(repository: Repository, commit: str, path: str) -> str | None:
    """A file that is looked into: what can't be read says nothing."""
    try:
        return repository.text(commit, path)
    except RefusedInputError:
        return None


def _former(
    repository: Repository,
    slugs: Path,
    links: tuple[str, ...],
    live: dict[str, Any] | None,
    root: str,
) -> Former | None:
    """The live release's slug, when it was made as we would make it today: its key says so."""
    if live is None or repository.commit_id(live["commit"]) is None:
        return None
    place = f"{live['commit']}:{root}" if root else live["commit"]
    key = _key(SLUG_FORMAT, repository.tree_id(place) or "", *links)
    return Former(slugs / key, place) if key == live["slug"] else None


def _storage(repository: Repository, commit: str, wanted: Iterable[str]) -> tuple[str, ...]:
    links = storage_set(wanted)
    for folder in links:
        if repository.has(commit, folder):
            raise RefusedInputError(
                f"`{folder}` is storage, and git tracks a file or folder of that name",
                hint=f"git rm -r --cached {folder} && echo /{folder}/ >> .gitignore",
            )
        for parent in map(str, PurePosixPath(folder).parents[:-1]):
            if repository.has(commit, parent) and not repository.has_folder(commit, parent):
                raise RefusedInputError(
                    f"`{folder}` is storage, and git tracks `{parent}` as a file or link",
                    hint=f"git rm --cached {parent}",
                )
    return links


def _text_for_python(repository: Repository, commit: str, name: str) -> str | None:
    """A file that may ask for a Python; none when it is there for more and can't be read."""
    try:
        return repository.text(commit, name)
    except RefusedInputError:
        if name in (PYTHON_VERSION, RUNTIME_TXT):
            raise
        return None


def _dependencies(repository: Repository, commit: str) -> Dependencies:
    def read(path: str) -> str | None:
        return repository.text(commit, path)

    present = [one for one in Source if one and repository.has(commit, one)]
    found = find_dependency_file(present, lambda path: read(path) or "")
    if found.source is Source.NOTHING:  # what is there instead decides what is said
        find_dependency_file(files(repository.git, commit), lambda path: read(path) or "")
    return gather(found, read)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


VERBS = {
    "check_out": check_out,
    "resolve": resolve,
    "make_repo": make_repo,
    "keep_branch": keep_branch,
    "collect": collect,
    "sweep_first_pushes": sweep,
    "open_folders": open_folders,
    "look": look_at,
}


def main() -> int:
    """Answer one request."""
    os.umask(0o027)
    hold_to_limits()
    question = sys.stdin.read()
    if not question:  # got ready for a push that brought nothing
        return 0
    request = json.loads(question)
    try:
        sys.stdout.write(VERBS[request["verb"]](request))
    except PushdeployError as error:
        sys.stdout.write(json.dumps(error_record(error)))
        return 3
    return 0
