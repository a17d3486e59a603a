"""What somebody deleted below an app's folder: all that the repo has comes back by itself."""

from itertools import count

import pytest

from tests.host.mishaps import live_version
from tests.host.story import Site, assert_serving, engines, eventually

BUILD_SECONDS = 120.0
HOURLY = "pushdeploy.reconcile.service"

LOST = {
    "the link to what is live": ("current", "made the link {root}/current to v{live} again"),
    "all releases": ("releases", "v{live} has lost its record"),
    "the live release": ("releases/v{live}", "v{live} has lost its record"),
    "its config vars": ("releases/v{live}/environment", "v{live} has lost its config vars"),
    "its start scripts": ("releases/v{live}/start", "v{live} has lost a start script"),
    "all code": ("slugs", "v{live} has lost its code"),
    "all venvs": ("venvs", "v{live} has lost its venv"),
    "the Python of a venv": ("venvs/*/bin/python*", "its venv has no `bin/python`"),
    "all storage": ("shared", "made shared/instance again, empty; restore it from a backup"),
    "the repo": ("repo.git", "made {root}/repo.git again, empty; to fill it: git push"),
    "what is in the repo": ("repo.git/objects", "made {root}/repo.git again, empty"),
}
"""What is deleted below the app's folder, and what is said of it."""

versions = count(2)


@pytest.fixture(scope="module")
def blue(gated: Site) -> Site:
    """The app with a config var."""
    gated.cli("config:set COLOR=blue")
    return gated


def delete(site: Site, pattern: str) -> str:
    """As root, by hand; returns the number of the release that is live."""
    eventually(lambda: engines(site.host), [])
    live = (site.current or "").removeprefix("v")
    line = f"rm -r {site.root}/{pattern.format(live=live)}"
    site.host.run("sh", "-c", line)
    return live


def reconcile(site: Site, *options: str) -> str:
    """What it says that it did, once nothing else goes on."""
    eventually(lambda: engines(site.host), [])
    return site.host.run("pushdeploy", "reconcile", *options).stdout


def lost(site: Site) -> list[str]:
    """What a live release needs, and this one has not."""
    needed = ("release.json", "environment", "start/web", "code/app.py", "venv/.complete", "run")
    return [one for one in needed if not site.host.exists(f"{site.root}/current/{one}")]


def assert_as_it_was(site: Site, version: int) -> None:
    """It serves with its config vars, nothing is left to do, and the next push goes live."""
    assert_serving(site, version=version)
    assert site.cli("config:get COLOR").stdout == "blue\n"
    assert reconcile(site, "--deep") == ""
    site.deploy_version(next_version := next(versions))
    assert_serving(site, version=next_version)


@pytest.mark.parametrize(("pattern", "said"), LOST.values(), ids=LOST)
def test_what_was_deleted_comes_back_by_reconcile(blue: Site, pattern: str, said: str) -> None:
    site, version = blue, live_version(blue)
    live = delete(site, pattern)

    told = reconcile(site)

    assert said.format(root=site.root, live=live) in told
    assert_as_it_was(site, version)


@pytest.mark.parametrize("pattern", ["releases", "slugs", "venvs", "current"])
def test_what_was_deleted_comes_back_by_the_timer(blue: Site, pattern: str) -> None:
    site, version = blue, live_version(blue)
    delete(site, pattern)

    site.host.run("systemctl", "start", HOURLY)

    eventually(lambda: (lost(site), engines(site.host)), ([], []), BUILD_SECONDS)
    assert_as_it_was(site, version)


def test_what_was_deleted_comes_back_after_a_boot(blue: Site) -> None:
    site, version = blue, live_version(blue)
    delete(site, "releases")
    site.host.run("rm", "-r", f"{site.root}/slugs", f"{site.root}/venvs")

    site.host.reboot()

    eventually(lambda: (lost(site), engines(site.host)), ([], []), BUILD_SECONDS)
    assert_as_it_was(site, version)


def test_rebuild_brings_it_back_too(blue: Site) -> None:
    site, version = blue, live_version(blue)
    delete(site, "releases")

    site.cli("rebuild")

    assert_as_it_was(site, version)


def test_without_a_repo_what_can_not_be_built_says_what_to_push(blue: Site) -> None:
    site = blue
    delete(site, "slugs")
    delete(site, "repo.git")

    told = site.host.run("pushdeploy", "reconcile", check=False)

    assert told.returncode != 0
    assert "has lost its code, and could not be built again" in told.stdout
    assert "git push production main" in told.stdout
    site.deploy_version(version := next(versions))
    assert_as_it_was(site, version)
