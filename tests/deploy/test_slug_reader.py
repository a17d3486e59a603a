"""What a build has written into a slug is read without following a link."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.needs import look_again, with_needs
from pushdeploy.deploy.slug_reader import SlugReader
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.build_step import BuildFiles
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.tracked_file import TEXT_LIMIT
from pushdeploy.model.tree import Tree, render_tree
from tests.build.test_build import TREE

if TYPE_CHECKING:
    from pathlib import Path


def again(slug: Path, **files: str) -> Tree:
    """What is found in a slug to which these were written: `uv_lock` is `uv.lock`."""
    for name, text in files.items():
        (slug / name.replace("_", ".")).write_text(text)
    request = {"slugs": str(slug.parent), "slug": slug.name, "tree": render_tree(TREE)}
    return look_again(request)


def test_the_lists_and_the_python_are_those_that_are_there_now(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "flask"\n'
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "manage.py").touch()

    found = again(tmp_path, uv_lock=lock, pyproject_toml="", runtime_txt="python-3.12.1\n")

    assert (found.source, found.packages) == (Source.UV, ("flask",))
    assert (found.python_version, found.python_file) == ("3.12.1", "runtime.txt")
    assert found.build.manage == "deeper/manage.py"
    untouched = {name: getattr(TREE, name) for name in ("requirements", "packages", "build")}
    expected = {"source": TREE.source, "python_version": "", "python_file": "", **untouched}
    assert replace(found, **expected) == TREE  # type: ignore[arg-type]


def test_what_the_hook_may_write_is_missed_only_once_it_has_run(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pre_compile").touch()
    (tmp_path / "requirements.txt").write_text("-r made.txt\n")
    before = replace(TREE, build=BuildFiles(("bin/pre_compile",)))

    assert with_needs(SlugReader(tmp_path), before).source is Source.NOTHING
    with pytest.raises(RefusedInputError, match=r"`made\.txt` is included"):
        again(tmp_path)
    assert again(tmp_path, made_txt="flask\n").packages == ("flask",)


def test_files_that_are_included_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("flask\n")

    found = again(tmp_path, requirements_txt="-r requirements/base.txt\n")

    assert found.packages == ("flask",)


def test_no_link_leads_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "requirements.txt").write_text("flask\n")
    slug = tmp_path / "slug"
    slug.mkdir()
    (slug / "requirements.txt").symlink_to(secret / "requirements.txt")
    (slug / "folder").symlink_to(secret)
    reader = SlugReader(slug)

    with pytest.raises(RefusedInputError, match="is a symbolic link"):
        reader.text("requirements.txt")
    assert reader.text("folder/requirements.txt") is None


def test_what_is_no_plain_file_or_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "uv.lock")
    (tmp_path / "Pipfile").mkdir()
    (tmp_path / "pyproject.toml").write_text("#" * (TEXT_LIMIT + 1))
    reader = SlugReader(tmp_path)

    for name in ("uv.lock", "Pipfile", "pyproject.toml"):
        with pytest.raises(RefusedInputError):
            reader.text(name)
    assert reader.text("requirements.txt") is None
