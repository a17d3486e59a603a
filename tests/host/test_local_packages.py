"""Packages that lie in the repo: built by what people build with, and imported from the release."""

import json
from collections.abc import Iterator

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_serving, eventually

BACKENDS = {
    "setuptools": ("setuptools", "setuptools.build_meta", ""),
    "pdm": ("pdm-backend", "pdm.backend", ""),
    "hatchling": ("hatchling", "hatchling.build", ""),
    "flit": ("flit_core", "flit_core.buildapi", ""),
    "poetry": ("poetry-core", "poetry.core.masonry.api", ""),
}

# Says where each package was imported from, and what it holds.
APP = """\
import importlib
import json
import os

NAMES = {names!r}

def app(environ, start_response):
    if environ["PATH_INFO"] == "/":
        version = open("VERSION").read().strip()
        body = f"v={{version}} release={{os.environ['PUSHDEPLOY_RELEASE']}} "
    else:
        found = (importlib.import_module(name) for name in NAMES)
        body = json.dumps({{one.__name__: [one.__file__, one.VALUE] for one in found}})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body.encode()]
"""


def project(name: str, requires: str, backend: str) -> str:
    """A `pyproject.toml`, the same for all but the backend."""
    return (
        f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
        f'[project]\nname = "{name}"\nversion = "1"\ndescription = "x"\n'
    )


def package(folder: str, name: str, backend: str, value: int) -> dict[str, str]:
    """The files of a package in a folder of the repo."""
    requires, module, _ = BACKENDS[backend]
    return {
        f"{folder}pyproject.toml": project(name, requires, module),
        f"{folder}{name}/__init__.py": f'"""A package."""\nVALUE = {value}\n',
    }


@pytest.fixture(scope="module")
def local(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with a package of each backend beside it, installed and linked to, and itself."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    yield site
    site.destroy()


def test_packages_of_every_backend_are_built_and_linked_to(local: Site) -> None:
    files: dict[str, str] = {}
    names, lines = [], []
    for number, backend in enumerate(BACKENDS):
        for way, option in (("built", ""), ("linked", "-e ")):
            name = f"{way}_{backend}"
            files |= package(f"vendor/{name}/", name, backend, number)
            names.append(name)
            lines.append(f"{option}./vendor/{name}\n")
    files |= package("", "own", "setuptools", 7)
    files["pyproject.toml"] += '[tool.setuptools]\npackages = ["own"]\n'
    files["requirements.txt"] = "gunicorn==27.0.1\n-r requirements/all.txt\n"
    files["requirements/all.txt"] = "-r more/local.txt\n-e .\n"
    files["requirements/more/local.txt"] = "".join(lines)
    names.append("own")

    push = local.deploy("tiny", {**files, "app.py": APP.format(names=names), "VERSION": "1\n"})

    assert_serving(local, version=1, release="v1")
    found = json.loads(local.get("/where").text)
    code = local.host.run("readlink", "-f", f"{local.root}/current/code").stdout.strip()
    venv = local.host.run("readlink", "-f", f"{local.root}/current/venv").stdout.strip()
    for name in names:
        place = found[name][0]
        linked = name.startswith(("linked", "own"))
        assert place.startswith(f"{code}/" if linked else f"{venv}/"), (name, place, push.output)
    # The code is as it was pushed, and what was built beside it is gone.
    assert local.host.run("find", code, "-name", "*egg-info*", "-o", "-name", "build").stdout == ""
    eventually(lambda: local.host.exists(f"{local.root}/build"), wanted=False)


def test_a_changed_package_is_built_again_and_a_rollback_has_the_former_one(local: Site) -> None:
    local.change(
        {
            "vendor/linked_pdm/linked_pdm/__init__.py": "VALUE = 20\n",
            "vendor/built_flit/built_flit/__init__.py": '"""A package."""\nVALUE = 30\n',
            "VERSION": "2\n",
        }
    )
    assert local.push().exit_status == 0
    assert_serving(local, version=2, release="v2")
    new = json.loads(local.get("/where").text)
    assert (new["linked_pdm"][1], new["built_flit"][1]) == (20, 30)

    local.host.run("systemctl", "stop", f"{local.unit}v1.web.socket", f"{local.unit}v1.web.service")
    local.cli("rollback")

    assert_serving(local, version=1, release="v1")
    old = json.loads(local.get("/where").text)
    assert (old["linked_pdm"][1], old["built_flit"][1]) == (1, 3)
    code = local.host.run("readlink", "-f", f"{local.root}/current/code").stdout.strip()
    assert old["linked_pdm"][0].startswith(f"{code}/")
