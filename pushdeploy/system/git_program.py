"""git: how every git of ours is started. Imports little.

Not by root in another user's repo: git obeys the configuration of the repo that it is pointed at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.refname import KEPT_REFS
from pushdeploy.system.command import CLEAN_PATH, Command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UMASK = 0o027
"""What git writes is not for everybody."""

LARGEST_PACK = "1g"
"""One push; `receive.maxInputSize` of git-config(1)."""

OBEYS_NOBODY = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "gc.auto": "0",
}
"""For reading a repo: it names no program that is then run, and no collection starts."""

HARMLESS = (
    *("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "missingSpaceBeforeEmail"),
    *("missingNameBeforeEmail", "missingEmail", "badEmail", "badDate", "missingTaggerEntry"),
)
"""Slips of old programs in the history of well-known repos (git-fsck(1)); who wrote a commit, and
when, is not used."""

RECEIVING = {
    "receive.fsckObjects": "true",
    **{f"receive.fsck.{one}": "ignore" for one in HARMLESS},
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
    # What is larger is not held in memory while it is checked (git-config(1)).
    "core.bigFileThreshold": "32m",
    "core.fsmonitor": "false",
}


def git(
    *words: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stdin: str = "",
    pass_fds: tuple[int, ...] = (),
) -> Command:
    """A git to start; without an `environment`, in ours."""
    umask = -1 if environment is None else UMASK
    return Command(
        ["git", *words],
        environment=environment,
        folder=folder,
        stdin=stdin,
        umask=umask,
        pass_fds=pass_fds,
    )


def configured(settings: Mapping[str, str]) -> dict[str, str]:
    """`GIT_CONFIG_*` (git-config(1)): these settings outrank the repo's, and no others count."""
    found = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        found |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return found


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """A whole environment, with nothing of ours or of a client's in it but these settings."""
    base = {"PATH": CLEAN_PATH, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return base | configured(settings)


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one bare repo; without one, in the repo and the quarantine that a hook runs in."""

    repo: Path | None = None
    settings: Mapping[str, str] | None = None
    """Of the configuration; `OBEYS_NOBODY` when none are said."""

    def __post_init__(self) -> None:
        """Git's own check of the owner is not made where `GIT_DIR` is set.

        Raises:
            UnavailableError: root was about to run git in another user's repo, or there is none.
        """
        if self.repo is None or os.geteuid() != 0:
            return
        try:
            owner = self.repo.stat().st_uid
        except OSError as error:
            raise UnavailableError(
                f"`{self.repo}` is not a git repo", hint="pushdeploy reconcile"
            ) from error
        if owner != 0:
            raise UnavailableError(
                f"root runs no git in `{self.repo}`, which is another user's",
                hint=f"ls -ld {self.repo}",
            )

    def __call__(
        self,
        *words: str,
        stdin: str = "",
        extra: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Command:
        """A git to start there, with something more in its environment."""
        if self.repo is None:
            return git(*words, stdin=stdin)
        settings = OBEYS_NOBODY if self.settings is None else self.settings
        environment = {**clean_environment(settings), "GIT_DIR": str(self.repo), **(extra or {})}
        return git(
            *words,
            environment=environment,
            folder=self.repo,
            stdin=stdin,
            pass_fds=tuple(pass_fds),
        )


def receive_pack(repo: str, hooks: str, facts: Mapping[str, str], *descriptors: int) -> Command:
    """`git receive-pack` with our hooks and settings; the hooks inherit the descriptors.

    Args:
        repo: where the push goes to.
        hooks: the folder of our hooks.
        facts: what the hooks find in their environment; else nothing that a client sent along
            (LC_*, GIT_*).
        descriptors: what they inherit.
    """
    environment = clean_environment({**RECEIVING, "core.hooksPath": hooks}) | dict(facts)
    return git(
        "receive-pack", repo, environment=environment | _protocol(), pass_fds=tuple(descriptors)
    )


def upload_pack(repo: str) -> Command:
    """`git upload-pack`, which serves a fetch; what we keep by refs of our own is not shown."""
    environment = clean_environment({"transfer.hideRefs": KEPT_REFS})
    return git("upload-pack", "--strict", repo, environment=environment | _protocol())


def init_bare(repo: Path) -> Command:
    """`git init` without a template: its hooks and examples are a dozen files."""
    words = ("--quiet", "--bare", "--template=", "--initial-branch=main", str(repo))
    return git("init", *words, environment=clean_environment({}))


def _protocol() -> dict[str, str]:
    """The version that the client asks for (gitprotocol-v2(5))."""
    asked = os.environ.get("GIT_PROTOCOL")
    return {} if asked is None else {"GIT_PROTOCOL": asked}
