"""What a push does not bring is refused with commands that work, typed here into a real git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.not_pushed import refuse_lfs, refused_submodule
from tests.deploy.repo import AUTHOR

if TYPE_CHECKING:
    from pathlib import Path

RENORMALIZE = "git add --renormalize . && git commit -m 'Keep all files in git itself'"


def shell(folder: Path, line: str) -> str:
    """Type a line in a folder; returns what it prints."""
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow"}
    environment = {**os.environ, **AUTHOR, **allowed, "GIT_CONFIG_VALUE_0": "always"}
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repo, and beside it `library`, which has a file `code.py`."""
    for name in ("library", "repo"):
        shell(tmp_path, f"git init -q {name}")
    shell(tmp_path / "library", "echo x > code.py; git add code.py; git commit -qm One")
    return tmp_path / "repo"


def test_a_submodule_is_taken_in_by_the_command_of_the_hint(repo: Path) -> None:
    shell(repo, "git submodule --quiet add ../library 'third party/lib'; git commit -qm Add")
    shell(repo, "git submodule --quiet deinit --force 'third party/lib'")

    error = refused_submodule("third party/lib", declared=True)
    shell(repo, error.hint or "")

    assert "is a submodule" in error.message
    assert (
        shell(repo, "git ls-tree -r --name-only HEAD") == ".gitmodules\nthird party/lib/code.py\n"
    )
    assert shell(repo, "git status --short") == ""


def test_a_repo_in_the_repo_is_taken_in_and_its_history_is_kept(repo: Path) -> None:
    shell(repo, "mkdir deep; git clone -q ../library deep/lib; git add deep; git commit -qm Add")

    error = refused_submodule("deep/lib", declared=False)
    shell(repo, error.hint or "")

    assert "is a git repo of its own" in error.message
    assert shell(repo, "git ls-tree -r --name-only HEAD") == "deep/lib/code.py\n"
    assert shell(repo, "git -C ../lib.git log --format=%s") == "One\n"


def test_what_is_left_of_it_in_a_clone_is_removed(repo: Path, tmp_path: Path) -> None:
    shell(repo, "git clone -q ../library lib; git add lib; git commit -qm Add")
    shell(tmp_path, "git clone -q repo clone")

    shell(tmp_path / "clone", refused_submodule("lib", declared=False).hint or "")

    assert shell(tmp_path / "clone", "git ls-tree -r --name-only HEAD") == ""


def test_a_name_that_nobody_could_type_is_not_in_a_command() -> None:
    assert "git rm" not in (refused_submodule("a\x1b`id`", declared=True).hint or "")


@pytest.mark.parametrize(
    ("attributes", "hint"),
    [
        (
            "*.bin filter=lfs diff=lfs merge=lfs -text\n/media/** filter=lfs -text\n",
            f"git lfs pull && git lfs untrack '*.bin' '/media/**' && {RENORMALIZE}",
        ),
        (
            "".join(f"*.{one} filter=lfs\n" for one in "abcdef"),
            f"git lfs pull; remove the lines with filter=lfs from .gitattributes; {RENORMALIZE}",
        ),
    ],
)
def test_files_in_git_lfs_are_brought_back_without_changing_the_history(
    attributes: str, hint: str
) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        refuse_lfs(attributes)

    assert refusal.value.hint == hint


def test_attributes_without_git_lfs_are_taken() -> None:
    refuse_lfs("*.sh text eol=lf\n# *.bin filter=lfs\n*.png -diff\n")
