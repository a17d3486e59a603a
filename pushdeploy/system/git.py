"""git by GitPython: the checkout, commit facts, making bare repos. Runs as the repo's owner.

Never as root: git obeys the configuration of the repo that it is pointed at.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import git
from git.exc import BadName, BadObject, GitCommandError, InvalidGitRepositoryError, NoSuchPathError

from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.model.refname import KEPT_REFS
from pushdeploy.system.bounded import split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

FOLDER = "040000 "
MOST_NAMES = 300_000
LONGEST_NAME = 1 << 16
"""As a push is taken (`deploy/listing.py`), which looks at the newest commit alone."""

PLAIN_MODES = ("100644 ", "100755 ")
"""Of files that are no links, in a tree."""

OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

BEGINNING = re.compile(r"[0-9a-fA-F]{4,39}")
"""Of an id; git takes no shorter one."""

FORCED = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "gc.auto": "0",
}
"""Set as command scope, which outranks the repo's own configuration."""


def forced_environment(settings: dict[str, str]) -> dict[str, str]:
    """`GIT_CONFIG_*` variables for some settings (git-config(1)), and no other configuration."""
    environment = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment


class Repository:
    """A bare repo that is pushed to."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            UnavailableError: it is no repo.
        """
        try:
            self._repo = git.Repo(path, odbt=git.GitCmdObjectDB)
        except (InvalidGitRepositoryError, NoSuchPathError) as error:
            raise UnavailableError(
                f"`{path}` is not a git repo", hint="pushdeploy reconcile"
            ) from error
        self._repo.git.update_environment(**forced_environment(FORCED))

    def commit_id(self, revision: str) -> str | None:
        """The full id of the commit that a branch, tag or id names; `None` when there is none."""
        if revision.startswith("-"):
            return None
        try:
            if OBJECT_ID.fullmatch(revision):
                return str(self._repo.commit(revision).hexsha)
            # GitPython reads reflogs, which this repo has not, and stumbles over what is no commit.
            found = self._repo.git.rev_parse("--verify", "--quiet", f"{revision}^{{commit}}")
        except (BadName, BadObject, ValueError, GitCommandError):
            return None
        return str(found)

    def kind(self, revision: str) -> str:
        """What a revision names: `commit`, `tree` or `blob`, a tag's own; empty for nothing."""
        if revision.startswith("-"):
            return ""
        try:
            return str(self._repo.git.cat_file("-t", f"{revision}^{{}}"))
        except GitCommandError:
            return ""

    def is_ambiguous(self, revision: str) -> bool:
        """True when several commits' ids begin so."""
        if not BEGINNING.fullmatch(revision):
            return False
        listed = self._repo.git.rev_parse(f"--disambiguate={revision}")
        return len(listed.splitlines()) > 1

    def facts(self, commit: str) -> tuple[str, str, str]:
        """Tree id, subject and author's name of a commit."""
        found = self._repo.commit(commit)
        return found.tree.hexsha, str(found.summary), str(found.author.name)

    def text(self, commit: str, path: str, limit: int) -> str | None:
        """The content of a file of the commit as UTF-8, without a byte order mark.

        Raises:
            RefusedInputError: it is a link, larger than `limit` bytes, or no UTF-8.
        """
        try:
            blob = self._repo.commit(commit).tree.join(path)
        except KeyError:
            return None
        if blob.type != "blob" or not stat.S_ISREG(blob.mode):
            raise RefusedInputError(f"`{path}` is not a plain file", hint=f"git rm {path}")
        if blob.size > limit:
            raise RefusedInputError(
                f"`{path}` has {blob.size} bytes, more than the {limit} that we read",
                hint=f"git rm --cached {path}",
            )
        try:
            return str(blob.data_stream.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise RefusedInputError(
                f"`{path}` is not UTF-8: {error.reason} at byte {error.start}",
                hint=f"iconv -f latin1 -t utf-8 {path}",
            ) from error

    def has(self, commit: str, path: str) -> bool:
        """True when the commit has a file or folder of this name."""
        try:
            self._repo.commit(commit).tree.join(path)
        except KeyError:
            return False
        return True

    def has_folder(self, commit: str, path: str) -> bool:
        """True when the commit has a folder of this name, and no link to one."""
        try:
            found = self._repo.commit(commit).tree.join(path)
        except KeyError:
            return False
        return bool(found.type == "tree")

    def paths(self, commit: str) -> list[str]:
        """Every file of the commit."""
        return list(self.files(commit))

    def files(self, commit: str) -> dict[str, bool]:
        """Every path of the commit; True for a plain file, False for a link."""
        lines = (line.partition("\t") for line in self._listed(commit))
        return {
            path: facts.startswith(PLAIN_MODES)
            for facts, _, path in lines
            if not facts.startswith(FOLDER)
        }

    def _listed(self, commit: str) -> Iterator[str]:
        """Every file and folder; a tree that names itself again and again is cut off.

        Raises:
            RefusedInputError: there are too many.
        """
        process = self._repo.git.ls_tree("-r", "-t", "-z", "--full-tree", commit, as_process=True)
        try:
            for count, line in enumerate(split(process.proc.stdout, b"\0", LONGEST_NAME)):
                if count >= MOST_NAMES:
                    raise RefusedInputError(
                        f"the tree has more than {MOST_NAMES} files and folders",
                        hint="git rm -r --cached what need not be deployed",
                    )
                if line:
                    yield line.decode(errors="surrogateescape")
        finally:
            process.proc.kill()
            process.proc.wait()

    def changed(self, before: str, after: str) -> set[str]:
        """Every path in which two commits differ, by content or mode."""
        listed = self._repo.git.diff_tree("-r", "-z", "--name-only", "--no-renames", before, after)
        return {path for path in listed.split("\0") if path}

    def check_out(self, commit: str, folder: Path, *, only: Collection[str] | None = None) -> None:
        """Write the commit's files, or `only` some, into an existing folder that lacks them.

        A private index, read-tree and checkout-index: no HEAD moves, no export-subst, hostile
        paths are refused by read-tree (`checkout -f` skips them and exits 0).

        Raises:
            RefusedInputError: git refused a path of the tree.
        """
        with _private_index(folder) as index, self._repo.git.custom_environment(**index):
            try:
                self._repo.git.read_tree(commit)
                if only is None:
                    self._repo.git.checkout_index("--all", f"--prefix={folder}/")
                else:
                    self._check_out_some(only, folder)
            except GitCommandError as error:
                raise RefusedInputError(
                    f"git can't check out {commit[:8]}: {_said(error)}", hint="git fsck"
                ) from error

    def _check_out_some(self, paths: Collection[str], folder: Path) -> None:
        with tempfile.TemporaryFile() as listed:
            listed.write("".join(f"{path}\0" for path in paths).encode(errors="surrogateescape"))
            listed.seek(0)
            self._repo.git.checkout_index("-z", "--stdin", f"--prefix={folder}/", istream=listed)


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


def _said(error: GitCommandError) -> str:
    """What git itself printed; GitPython puts a label and quotes around it."""
    return str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")


@contextmanager
def _private_index(folder: Path) -> Iterator[dict[str, str]]:
    index = folder.with_name(f"{folder.name}.index")
    try:
        yield {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(folder)}
    finally:
        index.unlink(missing_ok=True)


def make_bare(path: Path, branch: str) -> None:
    """Make a bare repo, or set right the one that is there."""
    os.environ.update(forced_environment({}))
    repo = git.Repo.init(path, bare=True, initial_branch=branch)
    with repo.config_writer() as settings:
        settings.set_value("core", "logAllRefUpdates", "false")
        settings.set_value("transfer", "hideRefs", KEPT_REFS)
        settings.set_value("receive", "denyDeletes", "true")
        settings.set_value("gc", "auto", "0")
    repo.close()


def point_head(path: Path, branch: str) -> None:
    """Make HEAD name the deploy branch, so that a clone of the repo gets it."""
    repo = git.Repo(path)
    repo.git.symbolic_ref("HEAD", f"refs/heads/{branch}")
    repo.close()


def keep_only(path: Path, branch: str) -> None:
    """Delete all branches but one, and have HEAD name it."""
    point_head(path, branch)
    repo = git.Repo(path)
    for ref in repo.git.for_each_ref("--format=%(refname)", "refs/heads/").splitlines():
        if ref != f"refs/heads/{branch}":
            repo.git.update_ref("-d", ref)
    repo.close()
