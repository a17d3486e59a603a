"""What of a slug asks for a build step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.build_files import build_files
from pushdeploy.model.build_step import BuildFiles

if TYPE_CHECKING:
    from pathlib import Path


def put(root: Path, *paths: str) -> None:
    """Make empty files."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_the_shallowest_manage_py_is_found_as_heroku_finds_it(tmp_path: Path) -> None:
    put(tmp_path, "b/c/manage.py", "z/manage.py", "y/manage.py", "a/b/c/manage.py")

    assert build_files(tmp_path).manage == "y/manage.py"


def test_one_that_lies_deeper_than_three_is_not_found(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c/manage.py", ".hidden/manage.py", "node_modules/manage.py")

    assert build_files(tmp_path) == BuildFiles()


def test_hooks_are_found_and_links_are_not(tmp_path: Path) -> None:
    put(tmp_path, "bin/post_compile", "elsewhere/manage.txt")
    (tmp_path / "bin" / "pre_compile").symlink_to("post_compile")
    (tmp_path / "manage.py").symlink_to("elsewhere/manage.txt")

    assert build_files(tmp_path) == BuildFiles(("bin/post_compile",))
