"""A build that wants to be in the next one: what it changes is not there any more."""

from collections.abc import Iterator

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, assert_refused, assert_serving

CANARY = "poisoned"

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""

# Appends to every file of flask's that the build can find, and leaves what programs read at home.
POISON = f"""\
import os
from setuptools import setup

LINE = '\\nopen("/tmp/{CANARY}", "w").close(); CANARY = "{CANARY}"\\n'
ROOTS = [os.environ["UV_CACHE_DIR"], os.environ["HOME"], "@CACHE@"]
done = []
for root in ROOTS:
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if path.endswith("flask/__init__.py"):
                for how in ("a", "w"):
                    try:
                        if how == "w":
                            os.unlink(path)
                        with open(path, how) as file:
                            file.write(LINE)
                        done.append(path)
                    except OSError:
                        pass
for name in (".pydistutils.cfg", ".netrc", ".config/uv/uv.toml", "sitecustomize.py"):
    for root in ROOTS[1:]:
        try:
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            open(os.path.join(root, name), "w").write("[{CANARY}]\\n")
        except OSError:
            pass
END
setup(name="hostile", version="1", py_modules=[])
"""

APP = """\
import os

import flask

application = flask.Flask(__name__)

@application.get("/")
def index():
    version = open("VERSION").read().strip()
    return f"v={version} release={os.environ['PUSHDEPLOY_RELEASE']} "

@application.get("/canary")
def canary():
    return getattr(flask, "CANARY", "clean")
"""


@pytest.fixture(scope="module")
def flasks(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that uses flask; the first version is clean, and fills its cache."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy(
        "tiny",
        {
            "app.py": APP,
            "VERSION": "1\n",
            "Procfile": "web: gunicorn app:application\n",
            "requirements.txt": "flask\ngunicorn==27.0.1\n",
        },
    )
    yield site
    site.destroy()


def hostile(site: Site, end: str) -> dict[str, str]:
    """A package that poisons what it can, and then goes on so."""
    setup = POISON.replace("@CACHE@", f"{site.root}/cache").replace("END\n", f"{end}\n")
    return {"evil/setup.py": setup, "evil/pyproject.toml": PROJECT}


def digest(site: Site) -> str:
    """Of all that the app's cache holds."""
    listed = f"cd {site.root}/cache && find . -type f -not -name '*.lock' -exec sha256sum {{}} +"
    return site.host.run("sh", "-c", f"{listed} | sort").stdout


def assert_clean(site: Site, version: int, lines: str) -> None:
    """The next version, with a new venv, has flask as it was published."""
    site.laptop.git(site.app, "rm", "-r", "-q", "--ignore-unmatch", "evil")
    files = {"requirements.txt": f"flask\ngunicorn==27.0.1\n{lines}", "VERSION": f"{version}\n"}
    site.change(files)
    push = site.push()
    assert push.exit_status == 0, push.output
    assert_serving(site, version=version)
    assert site.get("/canary").text == "clean"


def test_a_failed_build_leaves_nothing_in_the_cache(flasks: Site) -> None:
    before = digest(flasks)
    assert "flask/__init__.py" in before
    requirements = "flask\ngunicorn==27.0.1\n./evil\n"
    files = hostile(flasks, 'raise SystemExit(f"POISONED {len(done)} files")')
    flasks.change({**files, "requirements.txt": requirements})

    push = flasks.push()

    assert_refused(push, "could not be installed")
    assert "POISONED" in push.output, push.output  # the build got to its end
    assert digest(flasks) == before
    assert_clean(flasks, 2, "# another venv\n")


def test_a_build_that_goes_well_leaves_nothing_in_the_cache(flasks: Site) -> None:
    before = digest(flasks)
    requirements = "flask\ngunicorn==27.0.1\n./evil\n"
    flasks.change({**hostile(flasks, ""), "requirements.txt": requirements, "VERSION": "3\n"})

    push = flasks.push()

    # Its own venv has what it made of flask, and that is all.
    assert_refused(push, "exits as soon as it starts")
    assert "Flask" in push.output
    assert set(before.splitlines()) <= set(digest(flasks).splitlines())
    found = flasks.host.run("grep", "-rl", CANARY, f"{flasks.root}/cache", check=False)
    assert (found.returncode, found.stdout) == (1, "")
    assert_clean(flasks, 4, "# and another\n")


def test_the_cache_can_be_cleared(flasks: Site) -> None:
    answer = flasks.cli("builds:clear-cache")

    assert f"package cache of {flasks.name} is empty" in answer.stderr
    assert not flasks.host.exists(f"{flasks.root}/cache/verified")
    assert_serving(flasks, version=4)
    assert_clean(flasks, 5, "# after the cache was cleared\n")
    assert flasks.host.exists(f"{flasks.root}/cache/verified")
