"""A lock that is older than its source is known by what its own tool has noted in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushdeploy.model.dependency_file import Source
from pushdeploy.model.lock_age import is_stale
from pushdeploy.model.pyproject import Pyproject, parse_pyproject

PACKAGES = Path(__file__).parents[1] / "sample_apps" / "packages"
"""Locks that the tools themselves have made."""

TOOLS = {Source.UV: "uv", Source.PDM: "pdm", Source.PIPENV: "pipenv"}


def stale(source: Source, before: str = "", after: str = "") -> bool:
    """Of a tool's own lock, when one text of its source has become another."""
    folder = PACKAGES / TOOLS[source]
    lock = (folder / source).read_text()
    name = "Pipfile" if source is Source.PIPENV else "pyproject.toml"
    text = (folder / name).read_text()
    assert before in text
    changed = text.replace(before, after, 1) if before else text
    project = Pyproject({}) if source is Source.PIPENV else parse_pyproject(changed)
    return is_stale(source, lock, project, changed)


@pytest.mark.parametrize("source", TOOLS)
def test_a_lock_as_its_tool_has_made_it_is_fresh(source: Source) -> None:
    assert not stale(source)


@pytest.mark.parametrize("source", TOOLS)
def test_another_version_makes_it_stale(source: Source) -> None:
    assert stale(source, "0.13.3", "0.13.4")


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        (Source.UV, 'dependencies = ["bottle==0.13.3"]', 'dependencies = ["bottle==0.13.3", "rq"]'),
        (Source.UV, 'dependencies = ["bottle==0.13.3"]', "dependencies = []"),
        (Source.UV, 'more = ["blinker==1.9.0"]', 'more = ["blinker>=1.9.0"]'),
        (Source.PDM, 'requires-python = ">=3.11"', 'requires-python = ">=3.12"'),
        (Source.PIPENV, "itsdangerous", "flask"),
    ],
)
def test_whatever_changes_the_packages_makes_it_stale(
    source: Source, before: str, after: str
) -> None:
    assert stale(source, before, after)


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        (Source.UV, 'name = "shop"', 'name = "shop"\ndescription = "Sells"'),
        (Source.UV, '"bottle==0.13.3"', "\"Bottle == 0.13.3 ; python_version > '3'\""),
        (Source.PDM, 'version = "1"', 'version = "2"'),
        (Source.PIPENV, "[packages]", '[scripts]\nserve = "python app.py"\n\n[packages]'),
    ],
)
def test_what_changes_no_package_leaves_it_fresh(source: Source, before: str, after: str) -> None:
    assert not stale(source, before, after)


LOCK = """
[[package]]
name = "shop"
source = { virtual = "." }

[package.metadata]
requires-dist = [
    { name = "flask", specifier = ">=3,<4" },
    { name = "reports", editable = "vendor/reports" },
    { name = "tool", extras = ["x"], git = "https://example.com/tool" },
]
"""


@pytest.mark.parametrize(
    ("asked", "is_old"),
    [
        ('["flask<4,>=3", "reports>=1", "tool[x]"]', False),
        ('["flask [async] (>= 3, < 4) ; python_version > \'3\'", "reports", "tool"]', False),
        ('["flask <4, >=3", "reports", "tool @ git+https://example.com/tool"]', False),
        ('["flask<4,>=3", "reports"]', True),
        ('["flask<5,>=3", "reports", "tool"]', True),
    ],
)
def test_packages_from_elsewhere_are_compared_by_name(asked: str, *, is_old: bool) -> None:
    project = parse_pyproject(f'[project]\nname = "shop"\ndependencies = {asked}\n')

    assert is_stale(Source.UV, LOCK, project, "") is is_old


@pytest.mark.parametrize("lock", ["", "[", "{}", "[[package]]", "null"])
@pytest.mark.parametrize("source", [*TOOLS, Source.POETRY, Source.PYLOCK])
def test_what_can_t_be_compared_counts_as_fresh(source: Source, lock: str) -> None:
    project = parse_pyproject('[project]\nname = "shop"\ndependencies = ["flask"]\n')

    assert not is_stale(source, lock, project, "[packages]\n")
