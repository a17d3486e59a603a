"""A Python that uv fetches from a mirror is root's, and apps run on it."""

from collections.abc import Iterator

import pytest

from tests.host.checkout import CHECKOUT
from tests.host.host import Host
from tests.host.story import Site, assert_serving

UV = "/etc/uv/uv.toml"
MIRROR = "/srv/mirror"
PYTHONS = "/var/lib/pushdeploy/pythons"


@pytest.fixture
def version(host: Host) -> Iterator[str]:
    """What a mirror on the server has: its own minor version, of another patch."""
    settings = host.read(UV)
    host.run("mkdir", "--parents", MIRROR)
    host.write(f"{MIRROR}/mirror.py", (CHECKOUT / "tests/system/mirror.py").read_text())
    made = host.run("python3", f"{MIRROR}/mirror.py", MIRROR).stdout.strip()
    host.write(UV, host.read(f"{MIRROR}/uv.toml") + settings)
    yield made
    host.write(UV, settings)
    host.run("rm", "--recursive", "--force", MIRROR, PYTHONS)


def test_an_app_runs_on_a_python_that_was_fetched(host: Host, site: Site, version: str) -> None:
    minor = version.rpartition(".")[0]

    fetched = host.run("pushdeploy", "python:install", minor)
    again = host.run("pushdeploy", "python:install", minor)
    push = site.deploy("tiny", {".python-version": minor})

    assert f"Python {version} is here: {PYTHONS}/cpython-{version}-linux-" in fetched.stderr
    assert again.stderr == fetched.stderr
    assert f"Using Python {version} (.python-version)" in push.output
    assert_serving(site, version=1)
    python = host.run("readlink", f"{site.root}/current/venv/bin/python").stdout
    assert python.startswith(f"{PYTHONS}/cpython-{version}-")
    of_others = host.run(
        "find", PYTHONS, "!", "-user", "root", "-o", "-perm", "/022", "!", "-type", "l"
    )
    assert of_others.stdout == ""
    listed = host.run("pushdeploy", "python:list").stdout
    row = next(line for line in listed.splitlines() if f"{PYTHONS}/cpython-{version}" in line)
    assert site.name in row
    assert host.run("pushdeploy", "reconcile").stderr.endswith("Everything is as it should be.\n")
