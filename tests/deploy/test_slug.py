"""What did not change from slug to slug is one file with two names, and nobody can tell."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.deploy.repo import LINK, PROGRAM
from tests.deploy.test_checkout import GOOD, App

if TYPE_CHECKING:
    from pathlib import Path

MANY = {f"data/{number // 10}/{number}.txt": f"{number}\n" for number in range(50)}
ODD = {"with space/é ü.txt": "1\n", 'a"quote.txt': "2\n", "-dash": "3\n", "deep/er/x": "4\n"}


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with an empty repo."""
    return App(tmp_path)


def content(slug: Path) -> dict[str, tuple[int, str]]:
    """Every path below a slug with its mode and what it holds."""
    found = {}
    for path in slug.rglob("*"):
        mode = path.lstat().st_mode
        text = path.read_text() if stat.S_ISREG(mode) else ""
        target = str(path.readlink()) if path.is_symlink() else text
        found[str(path.relative_to(slug))] = (mode, target)
    return found


def same_file(one: Path, other: Path) -> bool:
    """True for two names of one file."""
    return one.stat().st_ino == other.stat().st_ino


def test_a_file_that_did_not_change_is_the_former_slugs(app: App) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    app.repo.commit({**GOOD, **MANY, "app.py": "app = 2\n"})

    second = app.check_out(former=first)

    before, after = app.slugs / first.slug, app.slugs / second.slug
    assert all(same_file(before / path, after / path) for path in MANY)
    assert (before / "app.py").read_text() == "app = 1\n"
    assert (after / "app.py").read_text() == "app = 2\n"


def test_a_slug_is_the_same_with_a_former_one_and_without(app: App) -> None:
    modes = {"run.sh": PROGRAM, "link": LINK, "static/link": LINK}
    links = {"link": "app.py", "static/link": "deep/style.css"}
    app.repo.commit({**GOOD, **MANY, **ODD, **links, "gone.txt": "", "folder": ""}, modes=modes)
    first = app.check_out(storage=("instance",))
    changed = {"folder/file": "", "static/new.css": "", "run.sh": "#!/bin/sh\n", "app.py": "2"}
    later = {**GOOD, **MANY, **ODD, **links, **changed}
    app.repo.commit(later, modes={**modes, "run.sh": "100644", "more.txt": PROGRAM})

    second = app.slugs / app.check_out(storage=("instance",), former=first).slug
    linked = content(second)
    second = second.rename(second.with_name("aside"))
    alone = app.slugs / app.check_out(storage=("instance",)).slug

    assert linked == content(alone)
    assert same_file(app.slugs / first.slug / "data/1/11.txt", second / "data/1/11.txt")
    assert not same_file(second / "data/1/11.txt", alone / "data/1/11.txt")


def test_the_former_slug_can_be_deleted(app: App) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    app.repo.commit({**GOOD, **MANY, "app.py": "app = 2\n"})
    second = app.slugs / app.check_out(former=first).slug
    before = content(second)

    for path in (app.slugs / first.slug).rglob("*.txt"):
        path.unlink()

    assert content(second) == before


@pytest.mark.parametrize("touch", ["write", "chmod", "replace", "delete"])
def test_what_somebody_did_to_a_slug_by_hand_does_not_live_on(app: App, touch: str) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    file = app.slugs / first.slug / "data/1/11.txt"
    match touch:
        case "write":
            file.write_text("mended by hand\n")
        case "chmod":
            file.chmod(0o666)
        case "replace":
            file.unlink()
            file.symlink_to("/etc/passwd")
        case _:
            file.unlink()
    app.repo.commit({**GOOD, **MANY, "app.py": "app = 2\n"})

    second = app.slugs / app.check_out(former=first).slug

    found = second / "data/1/11.txt"
    assert not found.is_symlink()
    assert found.read_text() == "11\n"
    assert stat.S_IMODE(found.stat().st_mode) == 0o640
    assert same_file(app.slugs / first.slug / "data/1/12.txt", second / "data/1/12.txt")


def test_other_attributes_write_every_file_anew(app: App) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    app.repo.commit({**GOOD, **MANY, ".gitattributes": "*.txt text eol=crlf\n"})

    second = app.slugs / app.check_out(former=first).slug

    assert (second / "data/1/11.txt").read_bytes() == b"11\r\n"
    assert (app.slugs / first.slug / "data/1/11.txt").read_bytes() == b"11\n"


@pytest.mark.parametrize("wrong", ["another key", "no such commit", "other storage", "no folder"])
def test_a_former_slug_that_is_not_what_its_key_says_is_left_alone(app: App, wrong: str) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    before = app.slugs / first.slug
    app.repo.commit({**GOOD, **MANY, "app.py": "app = 2\n"})
    former, storage = {"commit": first.commit.id, "slug": first.slug}, []
    match wrong:
        case "another key":
            former["slug"] = "0" * 24
        case "no such commit":
            former["commit"] = "1" * 40
        case "other storage":
            storage = ["media"]
        case _:
            before = before.rename(before.with_name("aside"))

    app.checkout_worker.ask(
        "check_out",
        repo=str(app.repo.path),
        slugs=str(app.slugs),
        revision="main",
        storage=storage,
        former=former,
    )

    (second,) = [path for path in app.slugs.iterdir() if path != before]
    assert (second / "data/1/11.txt").read_text() == "11\n"
    assert not same_file(before / "data/1/11.txt", second / "data/1/11.txt")


def test_a_file_with_very_many_names_gets_a_copy(app: App, tmp_path: Path) -> None:
    app.repo.commit({**GOOD, **MANY})
    first = app.check_out()
    file = app.slugs / first.slug / "data/1/11.txt"
    for number in range(1000):
        os.link(file, tmp_path / f"name-{number}")
    app.repo.commit({**GOOD, **MANY, "app.py": "app = 2\n"})

    second = app.slugs / app.check_out(former=first).slug

    assert (second / "data/1/11.txt").stat().st_nlink == 1
    assert (second / "data/1/11.txt").read_text() == "11\n"
