"""What a release ships: an sdist to install a server from, and a wheel that runs by itself."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pushdeploy import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements", "requirements-dev")
PINNED = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)

WHERE = """
from pushdeploy.system.resources import resource
for name in ("hooks", "templates"):
    folder = resource(name)
    print(folder, *sorted(p.relative_to(folder.parent).as_posix() for p in folder.rglob("*")
          if p.is_file()), sep="\\n")
"""


def run(*words: str | Path, cwd: Path) -> str:
    """What it printed; its own words when it failed."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked(*below: str) -> set[str]:
    """The files of a commit, or of one to be, below these."""
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *below)
    return {name for name in run(*listing, cwd=ROOT).splitlines() if (ROOT / name).is_file()}


def server_source() -> list[str]:
    """What tool.sh makes a server's tool from."""
    found = re.search(r"SERVER_SOURCE=\((.*)\)", (ROOT / "tool.sh").read_text())
    assert found is not None
    return found[1].split()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in the sdist of this checkout."""
    made = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", made, cwd=ROOT)
    run("tar", "--extract", "--file", f"pushdeploy-{__version__}.tar.gz", cwd=made)
    return made / f"pushdeploy-{__version__}"


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """The wheel that is built from the sdist, with no git beside it."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=sdist)
    return sdist / "dist" / f"pushdeploy-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh venv with the wheel; it borrows what that depends on, so no network is needed."""
    venv = tmp_path_factory.mktemp("venv")
    uv = (sys.executable, "-m", "uv", "--offline", "--quiet")
    run(*uv, "venv", "--python", sys.executable, "--clear", venv, cwd=venv)
    run(*uv, "pip", "install", "--python", venv, "--no-deps", wheel, cwd=venv)
    (packages,) = (venv / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return venv / "bin" / "python"


def test_the_sdist_has_all_that_a_server_is_installed_from(sdist: Path) -> None:
    wanted = tracked(*server_source())

    assert {name for name in wanted if not (sdist / name).is_file()} == set()
    for name in wanted:
        assert (sdist / name).read_bytes() == (ROOT / name).read_bytes()
    for script in ("installer.sh", "hooks/update"):
        assert (sdist / script).stat().st_mode & 0o111


def test_the_sdist_has_what_the_demo_shows_and_what_the_readme_links_to(sdist: Path) -> None:
    wanted = tracked("examples", "docs", ":(glob)*.md")

    assert {name for name in wanted if not (sdist / name).is_file()} == set()


def test_the_sdist_has_nothing_that_only_a_checkout_needs(sdist: Path) -> None:
    top = {path.name for path in sdist.iterdir()}

    assert top & {"tests", "bench", "build", ".venv", ".cache", ".git"} == set()


def test_an_installed_wheel_runs(python: Path, tmp_path: Path) -> None:
    said = run(python.with_name("pushdeploy"), "version", cwd=tmp_path)

    assert said == f"pushdeploy {__version__}\n"


def test_an_installed_wheel_has_the_hooks_and_templates(python: Path, tmp_path: Path) -> None:
    shown = run(python, "-I", "-c", WHERE, cwd=tmp_path).splitlines()

    folders = [line for line in shown if line.startswith("/")]
    assert all(folder.startswith(f"{python.parents[1]}/") for folder in folders)
    assert {line for line in shown if line not in folders} == tracked("hooks", "templates")


def test_the_version_stands_once_for_all() -> None:
    assert PROJECT["project"]["version"] == __version__


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))]
)
def test_a_lock_has_a_version_that_will_do_for_all_that_is_asked_for(
    lock: str, groups: tuple[str, ...]
) -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"]]
    asked += [line for lines in project["optional-dependencies"].values() for line in lines]
    asked += [line for group in groups for line in PROJECT["dependency-groups"][group]]

    pinned = {name: version for name, version, _ in PINNED.findall((ROOT / lock).read_text())}
    wanted = [Requirement(line) for line in asked]
    assert [str(one) for one in wanted if pinned.get(one.name, "") not in one.specifier] == []


def test_both_locks_have_the_same_versions() -> None:
    texts = [(ROOT / f"{name}.lock").read_text() for name in LOCKS]
    locks = [{(name, version) for name, version, _ in PINNED.findall(text)} for text in texts]

    assert locks[0] - locks[1] == set()


@pytest.mark.parametrize("shell", [[], ["sh"]])
def test_the_installer_is_found_by_a_link_and_by_sh(shell: list[str], tmp_path: Path) -> None:
    link = tmp_path / "install pushdeploy"
    link.symlink_to(ROOT / "installer.sh")

    assert run(*shell, link, "--help", cwd=tmp_path).startswith("Usage:")
