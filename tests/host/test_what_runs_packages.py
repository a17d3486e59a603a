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


def packaged(kind: str, requires: str, backend: str, **changed: str) -> dict[str, str]:
    """The files of a kind of list whose project is a package `shop` itself."""
    listed = files(PACKAGES / kind)
    build = f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
    project = listed["pyproject.toml"].replace("package-mode = false\n", "")
    return {
        "pyproject.toml": f"{project}\n{build}",
        "shop/__init__.py": '"""A shop."""\n',
        **changed,
    }


def uv_lock_of_a_package() -> str:
    """As uv writes it for a project with a build system."""
    return (PACKAGES / "uv" / "uv.lock").read_text().replace("{ virtual =", "{ editable =")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (
            "uv",
            packaged("uv", "hatchling", "hatchling.build", **{"uv.lock": uv_lock_of_a_package()}),
        ),
        ("poetry", packaged("poetry", "poetry-core", "poetry.core.masonry.api")),
        ("pdm", packaged("pdm", "pdm-backend", "pdm.backend")),
    ],
)
def test_a_project_that_is_a_package_is_installed_as_its_tool_would(
    kind: str, more: dict[str, str], shop: Site
) -> None:
    _, found = push(shop, kind, more)

    code = shop.host.run("readlink", "-f", f"{shop.root}/current/code").stdout.strip()
    assert found["own"] == f"{code}/shop/__init__.py"
    assert {"shop", "bottle"} <= set(found["packages"])
    assert "iniconfig" not in found["packages"]


SETUP = "from setuptools import setup\n"
SETUP += 'setup(name="shop", version="1", packages=["shop"], install_requires=["bottle==0.13.3"])\n'


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("pyproject.toml", {"pyproject.toml": files(PACKAGES / "uv")["pyproject.toml"]}),
        ("setup.py", {"setup.py": SETUP, "shop/__init__.py": ""}),
    ],
)
def test_a_list_without_a_lock_is_installed_too(
    source: str, more: dict[str, str], shop: Site
) -> None:
    pushed, found = push(shop, "app", more)

    assert f"-----> Installing {source} with uv" in pushed.output
    assert found["packages"]["bottle"] == "0.13.3"
    assert "iniconfig" not in found["packages"]


def test_a_repo_without_any_list_runs_on_what_python_has(shop: Site) -> None:
    pushed, found = push(shop, "app")

    assert "No list of packages in the repo: making an empty venv" in pushed.output
    assert "bottle" not in found["packages"]


def test_of_several_lists_the_one_that_counts_is_named(shop: Site) -> None:
    pushed, found = push(shop, "uv", {"requirements.txt": "blinker\n"})

    assert "requirements.txt counts; passed over: uv.lock" in pushed.output
    assert "bottle" not in found["packages"]


def test_a_lock_that_is_older_than_its_source_is_said(shop: Site) -> None:
    project = files(PACKAGES / "uv")["pyproject.toml"].replace("0.13.3", "0.13.4")

    pushed, found = push(shop, "uv", {"pyproject.toml": project})

    assert "`uv.lock` is older than `pyproject.toml`" in pushed.output
    assert found["packages"]["bottle"] == "0.13.3"


def test_an_old_package_gets_the_setuptools_that_it_imports(shop: Site) -> None:
    pushed, found = push(shop, "app", {"requirements.txt": "gunicorn==20.1.0\n"})

    assert "adding setuptools 80" in pushed.output
    assert found["packages"]["setuptools"] == "80.9.0"


def test_a_password_of_an_index_is_in_no_log_and_no_unit(shop: Site) -> None:
    shop.cli("config:set UV_INDEX_OURS_PASSWORD=hunter2222 TOKEN=ghp_abcdefgh")
    lines = "bottle==0.13.3\n# ${TOKEN} hunter2222\nno-such-package==ghp_abcdefgh\n"
    shop.become(PACKAGES / "app", {"requirements.txt": lines})

    pushed = shop.push()

    assert pushed.exit_status != 0
    journal = shop.host.run("journalctl", "--no-pager", "--output=cat").stdout
    logs = shop.host.run("sh", "-c", f"cat /var/log/pushdeploy/{shop.name}/*").stdout
    for told in (pushed.output, logs, journal):
        assert "hunter2222" not in told
        assert "ghp_abcdefgh" not in told
