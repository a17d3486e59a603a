"""What the documents name is there: files, commands, and lines that a shell can read."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pushdeploy.cli.group import ALIASES, names

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
LONGEST_README = 150

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(
    r"(?:^|\$ |sudo |and |: )(?:pushdeploy|ssh (?:-t )?deploy@\w+) [\"']?([a-z][a-z:-]*)",
    re.MULTILINE,
)

PAGE_OF_OURS = re.compile(r"(?<![\w/])docs/[\w/-]+\.md")

TOP_FOLDERS = ("docs", "examples", "hooks", "pushdeploy", "templates", "tests", "bench", ".ci")
OF_THE_CHECKOUT = re.compile(
    rf"(?<![\w/.@-])(?:\./)?((?:{'|'.join(map(re.escape, TOP_FOLDERS))})/[\w./-]*)"
)
ROOMS = "|".join(path.parent.name for path in (ROOT / "pushdeploy").glob("*/__init__.py"))
OF_THE_PACKAGE = re.compile(rf"(?<![\w/])((?:{ROOMS})/\w+\.py)")


def short(path: Path) -> str:
    """`docs/glossary.md`."""
    return str(path.relative_to(ROOT))


def anchor(heading: str) -> str:
    """The name of a heading in a link, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """The headings of a document that links can name."""
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)}


def code(path: Path) -> str:
    """All fences and spans of code of a document, a piece a line."""
    text = path.read_text()
    fences = [content for _, content in FENCE.findall(text)]
    return "\n".join([*fences, *SPAN.findall(FENCE.sub("", text))])


def consoles() -> list[str]:
    """Every line that a reader would type, of every `console` fence."""
    return [
        line.removeprefix("$ ")
        for path in DOCUMENTS
        for language, content in FENCE.findall(path.read_text())
        if language == "console"
        for line in content.splitlines()
        if line.startswith("$ ")
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = [link for link in LINK.findall(FENCE.sub("", path.read_text())) if "://" not in link]

    for target in targets:
        name, _, heading = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{target} of {short(path)}"
        assert not heading or heading in anchors(file), f"{target} of {short(path)}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_every_file_that_is_named_is_there(path: Path) -> None:
    text = code(path)
    named = [ROOT / name for name in OF_THE_CHECKOUT.findall(text)]
    named += [ROOT / "pushdeploy" / name for name in OF_THE_PACKAGE.findall(text)]

    assert [short(file) for file in named if not file.exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_every_command_that_is_named_exists(path: Path) -> None:
    named = set(COMMAND.findall(code(path)))

    assert named - {*names(), *ALIASES} == set()


@pytest.mark.parametrize("line", consoles())
def test_a_line_to_type_can_be_read_by_a_shell(line: str) -> None:
    assert shlex.split(line, comments=True)


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= LONGEST_README


def test_every_page_is_in_the_list_of_pages() -> None:
    pages = {path for path in (ROOT / "docs").rglob("*.md") if path.name != "README.md"}
    listed = LINK.findall((ROOT / "docs" / "README.md").read_text())

    assert pages - {(ROOT / "docs" / link).resolve() for link in listed} == set()


def test_the_invariants_are_listed_once() -> None:
    numbers = {
        path.relative_to(ROOT).as_posix(): found
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        if (found := re.findall(r"^\| (I\d) \|", path.read_text(), re.MULTILINE))
    }

    listed = [f"I{number}" for number in range(1, 8)]
    assert numbers == {"docs/explanation/reliability.md": listed}


def test_every_page_that_the_code_refers_to_is_there() -> None:
    listing = ["git", "ls-files", "*.py", "*.sh", "*.j2", "*.toml", "*.yml", "hooks", "Makefile"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    named = {
        page
        for name in files.stdout.splitlines()
        for page in PAGE_OF_OURS.findall((ROOT / name).read_text())
    }

    assert "docs/explanation/the-switch.md" in named
    assert {page for page in named if not (ROOT / page).is_file()} == set()
