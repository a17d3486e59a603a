"""Packages of an index with a password: reached by the build, and the password is in no log."""

import json
from collections.abc import Iterator

import pytest

from tests.host.checkout import CHECKOUT
from tests.host.host import WHEELS, Host
from tests.host.story import TREES, Site, assert_serving

APP = TREES / "packages" / "app"
INDEX = "/srv/index"
PORT = "8766"
UV = "/etc/uv/uv.toml"
SETTINGS = f"""find-links = ["{WHEELS}"]
[[index]]
name = "wheels"
url = "{WHEELS}"
format = "flat"
default = true
"""
"""The server's own: other than on hosts of other tests, there are indexes."""

WHEEL = "bottle-0.13.3-py2.py3-none-any.whl"

PROJECT = f"""\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = ["bottle==0.13.3"]
[tool.uv.sources]
bottle = {{ index = "ours" }}
[[tool.uv.index]]
name = "ours"
url = "http://127.0.0.1:{PORT}/simple"
explicit = true
[[tool.uv.index]]
name = "others"
url = "http://127.0.0.1:{PORT}/nothing"
explicit = true
"""

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "bottle"
version = "0.13.3"
source = {{ registry = "http://127.0.0.1:{port}/simple" }}
wheels = [
    {{ url = "http://127.0.0.1:{port}/simple/bottle/{wheel}", hash = "sha256:{digest}" }},
]

[[package]]
name = "shop"
version = "1"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "bottle" }},
]

[package.metadata]
requires-dist = [
    {{ name = "bottle", specifier = "==0.13.3", index = "http://127.0.0.1:{port}/simple" }},
]
"""


@pytest.fixture(scope="module")
def digest(host: Host) -> Iterator[str]:
    """An index with one package and a password on the server; the wheel's digest."""
    before = host.read(UV)
    host.write(UV, SETTINGS)
    place = f"{INDEX}/simple/bottle"
    host.run("mkdir", "--parents", place)
    host.run("cp", f"{WHEELS}/{WHEEL}", place)
    found = host.run("sha256sum", f"{place}/{WHEEL}").stdout.split()[0]
    host.write(f"{place}/index.html", f'<a href="{WHEEL}#sha256={found}">{WHEEL}</a>')
    host.write(f"{INDEX}/serve.py", (CHECKOUT / "tests/host/guarded.py").read_text())
    host.write(f"{INDEX}/known", "ada:hunter2222")
    host.run(
        *("systemd-run", "--unit=index", "python3", f"{INDEX}/serve.py"),
        *(INDEX, PORT, f"{INDEX}/known"),
    )
    yield found
    host.write(UV, before)
    host.run("systemctl", "stop", "index")
    host.run("rm", "--recursive", INDEX)


def assert_nobody_reads_the_password(host: Host, site: Site, output: str) -> None:
    """Neither in what is printed nor in what is kept of a build."""
    journal = host.run("journalctl", "--no-pager", "--output=cat").stdout
    logs = host.run("sh", "-c", f"cat /var/log/pushdeploy/{site.name}/*").stdout
    kept = host.run("grep", "-rl", "hunter2222", f"{site.root}/venvs", check=False).stdout
    assert "hunter2222" not in output + journal + logs + kept


def test_a_lock_with_explicit_indexes_gets_each_package_from_its_own(
    host: Host, site: Site, digest: str
) -> None:
    host.run("pushdeploy", "apps:create", site.name)
    site.cli("config:set UV_INDEX_OURS_USERNAME=ada UV_INDEX_OURS_PASSWORD=hunter2222")
    lock = LOCK.format(port=PORT, wheel=WHEEL, digest=digest)

    push = site.deploy(APP, {"pyproject.toml": PROJECT, "uv.lock": lock})

    assert_serving(site, version=1)
    assert json.loads(site.get("/packages").text)["packages"]["bottle"] == "0.13.3"
    assert_nobody_reads_the_password(host, site, push.output)


@pytest.mark.usefixtures("digest")
def test_requirements_get_the_address_with_its_password_from_a_config_var(
    host: Host, site: Site
) -> None:
    host.run("pushdeploy", "apps:create", site.name)
    address = f"http://ada:hunter2222@127.0.0.1:{PORT}/simple"
    site.cli(f"config:set UV_DEFAULT_INDEX={address}")

    push = site.deploy(APP, {"requirements.txt": "bottle==0.13.3\n"})

    assert_serving(site, version=1)
    assert json.loads(site.get("/packages").text)["packages"]["bottle"] == "0.13.3"
    assert_nobody_reads_the_password(host, site, push.output)
