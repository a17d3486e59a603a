"""GitPython: repos, their commits, and the remotes of a laptop. Runs as the repo's owner.

Never as root: git obeys the configuration of the repo that it is pointed at.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import git
from git.exc import BadName, BadObject, GitCommandError, InvalidGitRepositoryError, NoSuchPathError

from pushdeploy.errors import UnavailableError
from pushdeploy.model.refname import KEPT_REFS
from pushdeploy.model.text import decode_any
from pushdeploy.model.tracked_file import check_tracked
from pushdeploy.system.command import attempt, run
from pushdeploy.system.git_program import OBEYS_NOBODY, Git, configured

HEADS = "refs/heads/"

OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

BEGINNING = re.compile(r"[0-9a-fA-F]{4,39}")
"""Of an id; git takes no shorter one."""


class Repository:
    """A bare repo that is pushed to."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            UnavailableError: it is not a repo.
        """
        self.git = Git(path)
        """The program, in this repo."""
        try:
            self._repo = git.Repo(path, odbt=git.GitCmdObjectDB)
        except (InvalidGitRepositoryError, NoSuchPathError) as error:
            raise UnavailableError(
                f"`{path}` is not a git repo", hint="pushdeploy reconcile"
            ) from error
        self._repo.git.update_environment(**configured(OBEYS_NOBODY))

    def commit_id(self, revision: str) -> str | None:
        """The full id of the commit that a branch, tag or id names; `None` when there is none."""
        if revision.startswith("-"):
            return None
        if OBJECT_ID.fullmatch(revision):
            try:
                return str(self._repo.commit(revision).hexsha)
            except (BadName, BadObject, ValueError):
                return None
        # GitPython reads reflogs, which this repo has not, and stumbles over what is not a commit.
        line = self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return attempt(line).stdout.strip() or None

    def deploy_branch(self) -> str:
        """What HEAD names, whether or not it was pushed."""
        return str(self._repo.head.reference.name)

    def kind(self, revision: str) -> str:
        """What a revision names: `commit`, `tree` or `blob`, a tag's own; empty for nothing."""
        if revision.startswith("-"):
            return ""
        return attempt(self.git("cat-file", "-t", f"{revision}^{{}}")).stdout.strip()

    def is_ambiguous(self, revision: str) -> bool:
        """True when several commits' ids begin so."""
        if not BEGINNING.fullmatch(revision):
            return False
        listed = attempt(self.git("rev-parse", f"--disambiguate={revision}"))
        return len(listed.stdout.splitlines()) > 1

    def facts(self, commit: str) -> tuple[str, str, str]:
        """Tree id, subject and author's name of a commit."""
        found = self._repo.commit(commit)
        return found.tree.hexsha, str(found.summary), str(found.author.name)

    def tree_id(self, place: str) -> str | None:
        """The id of the tree of a commit, or of a folder of it, `COMMIT:FOLDER`; None for none."""
        try:
            return str(self._tree(place).hexsha)
        except (KeyError, ValueError):
            return None

    def _tree(self, place: str) -> git.Tree:
        """The tree of a commit, or of a folder of it; a `KeyError` when it has none."""
        commit, _, folder = place.partition(":")
        tree = self._repo.commit(commit).tree
        found = tree.join(folder) if folder else tree
        if found.type != "tree":
            raise KeyError(folder)
        return found

    def text(self, commit: str, path: str) -> str | None:
        """The content of a file of the commit as text, without a byte order mark.

        Here and below, `COMMIT:FOLDER` is what a folder of the commit has.

        Raises:
            RefusedInputError: it is a link, too large, or neither UTF-8 nor UTF-16.
        """
        try:
            blob = self._tree(commit).join(path)
        except KeyError:
            return None
        check_tracked(path, f"{blob.mode:06o}", blob.size)
        return decode_any(blob.data_stream.read(), path)

    def root_names(self, commit: str) -> list[str]:
        """The names of the files and folders at the root of a commit."""
        return [str(one.name) for one in self._tree(commit)]

    def has(self, commit: str, path: str) -> bool:
        """True when the commit has a file or folder of this name."""
        try:
            self._tree(commit).join(path)
        except KeyError:
            return False
        return True

    def has_folder(self, commit: str, path: str) -> bool:
        """True when the commit has a folder of this name, and no link to one."""
        try:
            found = self._tree(commit).join(path)
        except KeyError:
            return False
        return bool(found.type == "tree")


@dataclass(frozen=True, slots=True)
class PushRemote:
    """A remote of a laptop's checkout."""

    name: str
    url: str
    """Where a push goes to, after `insteadOf` and `pushurl`."""
    receive_pack: str | None
    """The program that receives it, where that is not git's own."""


@dataclass(frozen=True, slots=True)
class PushRemotes:
    """Where a laptop's checkout can be pushed to, and by which ssh."""

    remotes: tuple[PushRemote, ...]
    ssh_command: str | None


def push_remotes(folder: Path) -> PushRemotes | None:
    """The remotes of the checkout that a folder lies in; `None` when it lies in none.

    Raises:
        UnavailableError: git does not want to read it; the message is git's.
    """
    try:
        repo = git.Repo(folder, search_parent_directories=True)
    except (InvalidGitRepositoryError, NoSuchPathError):
        return None
    try:
        listed = repo.git.remote("-v").splitlines()
    except GitCommandError as error:
        raise UnavailableError(f"git says: {_said(error)}", hint="git remote -v") from error
    settings = repo.config_reader()
    remotes = []
    for line in listed:
        name, _, rest = line.partition("\t")
        if rest.endswith(" (push)"):
            program = settings.get_value(f'remote "{name}"', "receivepack", "")
            remotes.append(PushRemote(name, rest.removesuffix(" (push)"), str(program) or None))
    ssh_command = str(settings.get_value("core", "sshcommand", "")) or None
    return PushRemotes(tuple(remotes), ssh_command)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A working tree of a person's."""

    folder: Path
    git_folder: Path
    """Its `.git`, wherever that lies."""
    uncommitted: int
    """Files that the next push does not bring as they are."""
    listed: tuple[str, ...]
    """Paths that are tracked, or not ignored."""


def checkout_of(folder: Path) -> Checkout | None:
    """The checkout that a folder lies in; `None` when it lies in none.

    Raises:
        UnavailableError: git does not want to read it; the message is git's.
    """
    try:
        repo = git.Repo(folder, search_parent_directories=True)
    except (InvalidGitRepositoryError, NoSuchPathError):
        return None
    if repo.working_tree_dir is None:
        return None
    try:
        changed = repo.git.status("--porcelain", "-z").split("\0")
        listed = repo.git.ls_files("-z", "--cached", "--others", "--exclude-standard").split("\0")
    except GitCommandError as error:
        raise UnavailableError(f"git says: {_said(error)}", hint="git status") from error
    return Checkout(
        Path(repo.working_tree_dir),
        Path(repo.git_dir),
        len([one for one in changed if one]),
        tuple(sorted({one for one in listed if one})),
    )


def commit_of(folder: Path, revision: str) -> str | None:
    """The id of the commit that a revision names in a checkout."""
    try:
        return str(git.Repo(folder, search_parent_directories=True).commit(revision).hexsha)
    except (BadName, BadObject, ValueError):
        return None


def add_remote(folder: Path, name: str, url: str) -> None:
    """Give a checkout a remote.

    Raises:
        UnavailableError: git refuses; the message is git's.
    """
    try:
        git.Repo(folder, search_parent_directories=True).create_remote(name, url)
    except GitCommandError as error:
        raise UnavailableError(f"git says: {_said(error)}", hint="git remote -v") from error


def _said(error: GitCommandError) -> str:
    """What git itself printed; GitPython puts a label and quotes around it."""
    return str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")


def make_bare(path: Path, branch: str) -> None:
    """Make a bare repo, or fix the one that is there."""
    os.environ.update(configured({}))
    repo = git.Repo.init(path, bare=True, initial_branch=branch)
    with repo.config_writer() as settings:
        settings.set_value("core", "logAllRefUpdates", "false")
        settings.set_value("transfer", "hideRefs", KEPT_REFS)
        settings.set_value("receive", "denyDeletes", "true")
        settings.set_value("gc", "auto", "0")
    repo.close()


def point_head(path: Path, branch: str) -> None:
    """Make HEAD name the deploy branch, so that a clone of the repo gets it."""
    run(Git(path)("symbolic-ref", "HEAD", f"{HEADS}{branch}"))


def keep_only(path: Path, branch: str) -> None:
    """Delete all branches but one, and have HEAD name it."""
    point_head(path, branch)
    for ref in run(Git(path)("for-each-ref", "--format=%(refname)", HEADS)).stdout.splitlines():
        if ref != f"{HEADS}{branch}":
            run(Git(path)("update-ref", "-d", ref))
