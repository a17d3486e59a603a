"""Every kind of list of packages is installed, frozen, without what is for development.

Each is a folder of `tests/sample_apps/packages`, pushed to one app, one after the other.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host.checkout import Installed
from tests.host.host import WHEELS, Host
from tests.host.laptop import Laptop, Push
from tests.host.story import TREES, Site, assert_serving

PACKAGES = TREES / "packages"


@pytest.fixture(scope="module")
def shop(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that tells what is installed."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    yield site
    site.destroy()


def files(folder: Path) -> dict[str, str]:
    """Path to content."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def push(shop: Site, kind: str, more: dict[str, str] | None = None) -> tuple[Push, dict[str, Any]]:
    """Push one kind of list of packages, which must go live; and what is installed then."""
    pushed = shop.deploy(PACKAGES / "app", {**files(PACKAGES / kind), **(more or {})})
    assert_serving(shop, version=1)
    return pushed, json.loads(shop.get("/packages").text)


PUBLISHED = re.compile(r"https://files\.pythonhosted\.org/packages/(?:[0-9a-f]+/)+")


def here(text: str) -> str:
    """A lock whose addresses lead to the wheels of a host without a network."""
    return PUBLISHED.sub(f"file://{WHEELS}/", text)


GROUPS = '[tool.pushdeploy]\ngroups = ["jobs"]\n'


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("uv", "uv.lock"),
        ("pylock", "pylock.toml"),
        ("poetry", "poetry.lock"),
        ("pdm", "pdm.lock"),
        ("pipenv", "Pipfile.lock"),
    ],
)
def test_a_lock_is_installed_without_what_is_for_development(
    kind: str, source: str, shop: Site
) -> None:
    lock = here((PACKAGES / kind / source).read_text())

    pushed, found = push(shop, kind, {source: lock})

    assert f"-----> Installing {source} with uv" in pushed.output
    assert f"gunicorn is missing from {source}" in pushed.output
    assert found["packages"]["bottle"] == "0.13.3"
    assert {"iniconfig", "itsdangerous", "blinker"}.isdisjoint(found["packages"])


@pytest.mark.parametrize("kind", ["uv", "poetry", "pdm", "pipenv"])
def test_groups_that_the_repo_names_are_installed_too(kind: str, shop: Site) -> None:
    project = files(PACKAGES / kind).get("pyproject.toml", "")

    _, found = push(shop, kind, {"pyproject.toml": project + GROUPS})

    assert found["packages"]["itsdangerous"] == "2.2.0"
    assert "iniconfig" not in found["packages"]
