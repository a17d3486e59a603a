"""Where Node is found, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build.node import node_steps
from pushdeploy.events import Event, Warned
from pushdeploy.model.build_step import BuildFiles
from pushdeploy.model.node_build import NodeBuild
from tests.build.test_build import TREE

if TYPE_CHECKING:
    from pathlib import Path

FRONT_END = replace(TREE, build=BuildFiles(node=NodeBuild("build", locked=True)))


def put(folder: Path, *names: str) -> Path:
    """Make programs."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_a_tree_without_a_build_script_is_not_asked_for_node(tmp_path: Path) -> None:
    said: list[Event] = []

    assert node_steps(TREE, tmp_path, said.append).commands == ()
    assert said == []


def test_node_of_the_package_index_comes_before_the_system_s(tmp_path: Path) -> None:
    put(tmp_path / "bin", "python", "node", "npm")
    said: list[Event] = []

    found = node_steps(FRONT_END, tmp_path, said.append)

    assert found.folder == str(tmp_path / "bin")
    assert found.commands == ("npm ci --include=dev", "npm run build")
    assert found.without == ("node_modules",)
    assert said == []


def test_the_other_package_has_it_in_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = put(tmp_path / "lib/python3.11/site-packages/nodejs/bin", "node", "npm")

    assert node_steps(FRONT_END, tmp_path, lambda _: None).folder == str(folder)


def test_a_procfile_that_runs_node_keeps_its_packages(tmp_path: Path) -> None:
    put(tmp_path / "bin", "node", "npm")
    tree = replace(FRONT_END, procfile="web: node server.js\n")

    assert node_steps(tree, tmp_path, lambda _: None).without == ()


def test_without_any_node_one_line_says_what_to_type(tmp_path: Path) -> None:
    said: list[Event] = []

    found = node_steps(FRONT_END, tmp_path, said.append, system=(tmp_path / "nothing",))

    assert found.commands == ()
    (warned,) = said
    assert isinstance(warned, Warned)
    assert warned.hint == "sudo apt install nodejs npm"
    assert "`build` script" in warned.text
