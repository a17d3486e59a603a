"""The list of who owns what: whole, in order, and of the places that the other modules know."""

import importlib.util
from pathlib import Path

from pushdeploy.model.layout import SERVER
from pushdeploy.model.ownership import REPO, Owned, app_owned, server_owned
from pushdeploy.system import certbot, needrestart, nginx, server_units, sshd, tool, wall
from pushdeploy.system.repo_owner import FOLDERS

SERVER_LINES = server_owned(SERVER)
APP_LINES = app_owned(SERVER.app("blog"))


def paths(lines: tuple[Owned, ...]) -> list[str]:
    return [str(line.path) for line in lines]


def test_a_path_has_one_line() -> None:
    found = paths(SERVER_LINES) + paths(APP_LINES)

    assert sorted(set(found)) == sorted(found)


def test_parents_come_before_what_is_in_them() -> None:
    for lines in (SERVER_LINES, APP_LINES):
        found = [line.path for line in lines]
        late = [
            (parent, path)
            for index, path in enumerate(found)
            for parent in path.parents
            if parent in found[index:]
        ]

        assert late == []


def test_only_root_writes_into_a_folder_that_has_lines_of_its_own_in_it() -> None:
    lines = {line.path: line for line in (*SERVER_LINES, *APP_LINES)}
    above = {parent for path in lines for parent in path.parents if parent in lines}

    assert {str(path) for path in above if lines[path].user != "root"} == set()


def test_the_places_are_those_that_other_modules_write() -> None:
    found = paths(SERVER_LINES)

    assert str(tool.ROOT) in found
    assert str(tool.COMMAND) in found
    assert str(sshd.SNIPPET) in found
    assert str(certbot.HOOK) in found
    assert str(needrestart.FILE) in found
    assert str(wall.FILE) in found
    assert str(nginx.CONFIGURATION / "pushdeploy") in found
    units = [line.path for line in SERVER_LINES if line.path.parent == server_units.FOLDER]
    for unit in server_units.FILES:
        assert any(path.match(str(server_units.FOLDER / path.name)) for path in units)
        assert [path for path in units if (server_units.FOLDER / unit).match(str(path))] != []


def test_no_line_lets_anybody_write_but_its_owner() -> None:
    lines = [line for line in (*SERVER_LINES, *APP_LINES) if line.mode is not None]

    loose = [line for line in lines if line.mode and line.mode & 0o022]

    assert [line.path for line in loose] == [SERVER.engine_socket]


def test_a_push_looks_at_the_signs_of_a_repo() -> None:
    signs = {sign.removesuffix("*").rstrip("/") for sign in REPO.signs}

    assert signs == set(FOLDERS)


def test_the_page_of_the_files_shows_the_list() -> None:
    docs = Path(__file__).parents[2] / "docs"
    spec = importlib.util.spec_from_file_location("write_owners", docs / "write_owners.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)

    page = (docs / "reference" / "files.md").read_text()

    assert writer.table() in page, "run docs/write_owners.py"
