"""From a revision to a slug, and to what a deploy wants to know of its tree."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy.build_files import build_files
from pushdeploy.deploy.needs import CommitReader, with_needs
from pushdeploy.deploy.slug import Former, make_slug
from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.model.aptfile import APTFILE, parse_aptfile
from pushdeploy.model.platform_files import passed_over
from pushdeploy.model.procfile import PROCFILE, parse_procfile
from pushdeploy.model.refname import push_command
from pushdeploy.model.release import Commit
from pushdeploy.model.repo_root import missing_root, rooted
from pushdeploy.model.repo_settings import APP_JSON
from pushdeploy.model.static_mount import DEFAULT_FOLDERS
from pushdeploy.model.storage import storage_set, tracked
from pushdeploy.model.text import quoted
from pushdeploy.model.tree import SUBJECT_LIMIT, Tree
from pushdeploy.model.web_guess import guess_or_refuse
from pushdeploy.system.git import Repository
from pushdeploy.system.git_tree import files

if TYPE_CHECKING:
    from collections.abc import Iterable

SLUG_FORMAT = "1"
"""Part of every slug's key; raised when a slug's content would differ for the same tree."""

NAMED = {"blob": "a file", "tree": "a folder"}
"""Kinds of git's objects that a tag may name."""


def check_out(request: dict[str, Any]) -> Tree:
    """Turn a revision into a slug.

    Request: `repo`, `slugs` (folders), `revision`, `storage` (folders of the app's settings),
    `former` (`commit` and `slug` of the live release, or null), `public` (what nginx serves),
    `root` (the folder that becomes the release, if somebody has set it).

    Raises:
        NotFoundError: there is no such revision.
        RefusedInputError: the tree can't be deployed.
    """
    repository = Repository(Path(request["repo"]))
    commit = _commit_id(repository, request["revision"])
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
    tree = Tree(
        *(_commit(repository, commit), key, tree_id, reused),
        procfile=procfile,
        app_json=app_json,
        python_version="",
        requirements={},
        local=False,
        storage=links,
        settings=settings,
        guessed=guessed,
        build=build_files(slugs / key),
        system_packages=parse_aptfile(repository.text(place, APTFILE) or ""),
    )
    used = guessed.rpartition(" ")[2]
    foreign = passed_over(repository.root_names(place), app_json, used=used)
    return with_needs(CommitReader(repository, place), replace(tree, foreign=foreign))


def _commit_id(repository: Repository, revision: str) -> str:
    commit = repository.commit_id(revision)
    if commit is None:
        raise _names_no_commit(repository, revision)
    return commit


def _commit(repository: Repository, commit: str) -> Commit:
    _, subject, author = repository.facts(commit)
    return Commit(commit, subject[:SUBJECT_LIMIT], author[:SUBJECT_LIMIT])


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
            raise tracked(folder)
        for parent in map(str, PurePosixPath(folder).parents[:-1]):
            if repository.has(commit, parent) and not repository.has_folder(commit, parent):
                raise RefusedInputError(
                    f"`{folder}` is storage, and git tracks `{parent}` as a file or link",
                    hint=f"git rm --cached {parent}",
                )
    return links


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
