"""The pages are a site: it builds without a warning, and a dead link is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOADED = re.compile(
    r'<(?:script|img|iframe|link rel="?stylesheet"?)[^>]*? (?:src|href)="?([^">\s]+)'
)


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """The site, as `make docs` builds it."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "mkdocs", "build", "--strict"),
            *("--config-file", str(config), "--site-dir", str(site)),
        ],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def pages() -> set[Path]:
    """Every page below docs/, without its ending."""
    docs = ROOT / "docs"
    return {path.relative_to(docs).with_suffix("") for path in docs.rglob("*.md")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of this checkout, built without a warning."""
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT / "mkdocs.yml", folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_is_in_the_site_and_can_be_searched(site: Path) -> None:
    found = json.loads((site / "search" / "search_index.json").read_text())

    wanted = pages() - {Path("README")}
    assert {page for page in wanted if not (site / page / "index.html").exists()} == set()
    assert {f"{page}/" for page in wanted} - {entry["location"] for entry in found["docs"]} == set()
    assert "Your first deploy" in (site / "index.html").read_text()


def test_a_reader_of_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    page = (site / "glossary" / "index.html").read_text()

    assert LOADED.findall(page) != []
    assert [address for address in LOADED.findall(page) if "://" in address] == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("nowhere.md", "'nowhere.md', but the target is not found"),
        ("other.md#nowhere", "does not contain an anchor '#nowhere'"),
        ("#nowhere", "there is no such anchor"),
        ("../LICENSE", "unrecognized relative link '../LICENSE'"),
    ],
)
def test_a_dead_link_fails_the_build(link: str, said: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text(f"# Pages\n\n[one](other.md), [two]({link})\n")
    (tmp_path / "docs" / "other.md").write_text("# Another\n")

    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")

    assert built.returncode == 1
    assert said in built.stderr
