"""What runs as the git user (`deploy`): a child process that may touch repos and slugs.

One request as JSON on stdin, one answer as JSON on stdout. With exit status 3 that is an error, as
`model/wire.py` writes it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from pushdeploy.apps.first_push import sweep_first_pushes
from pushdeploy.deploy.check_out import check_out
from pushdeploy.deploy.needs import look_again
from pushdeploy.deploy.slug import open_to_all
from pushdeploy.errors import PushdeployError, RefusedInputError
from pushdeploy.model.repo_facts import look, render_facts
from pushdeploy.model.tree import render_tree
from pushdeploy.model.wire import error_record
from pushdeploy.system import git_room
from pushdeploy.system.files import delete_tree, sync_filesystem
from pushdeploy.system.git import Repository, keep_only, make_bare, point_head
from pushdeploy.system.git_locks import alone, writing
from pushdeploy.system.git_tree import files
from pushdeploy.system.own_limits import hold_to_limits

MOST_LOOKED_AT = 20_000
"""Files of a commit whose names a failure looks at."""


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


VERBS = {
    "check_out": lambda request: render_tree(check_out(request)),
    "look_again": lambda request: render_tree(look_again(request)),
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
