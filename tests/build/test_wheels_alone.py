"""Where the app's cache can be written, no code of a repo or of a package runs; by the real uv."""

from pathlib import Path

import pytest

from pushdeploy.build import builder, private_cache
from pushdeploy.build.grower import UNFIT
from pushdeploy.model.pins import REQUIREMENTS
from tests.build.test_grown_venvs import Builds, Index, builds, index

__all__ = ["builds", "index"]

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "own"
version = "1"
"""
RUN = "import os; open(os.environ['RAN'], 'a').close()\n"


@pytest.fixture
def own(builds: Builds) -> None:
    """A project whose build says that it ran."""
    folder = builds.folder / "own"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(RUN)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "lines",
    [
        ["-e ./own"],
        ["# a comment\r-e ./own"],
        ["--no-binary own", "./own"],
        ["--no-binary :all:", "--only-binary :none:", "./own"],
        ["-e file:///proc/self/cwd/own"],
    ],
)
@pytest.mark.parametrize(
    "settings", ["", "no-cache = true\n", "[pip]\nno-build = false\nno-build-isolation = true\n"]
)
def test_requirements_can_have_nothing_built(
    builds: Builds, lines: list[str], settings: str
) -> None:
    (builds.folder / "uv.toml").write_text(settings)

    venv = builds.fresh(1, *lines)

    assert builds.status != 0, builds.said
    assert not (venv / ".complete").exists()
    assert not (builds.folder / "ran").exists()


@pytest.mark.usefixtures("own")
def test_nothing_is_built_in_a_grown_venv(builds: Builds) -> None:
    seed = builds.fresh(1, "six")

    grown = builds.grown(seed, 2, "six", "--no-binary own", "./own")

    assert builds.status != 0
    assert not (grown / ".complete").exists()
    assert not (builds.folder / "ran").exists()


def test_a_wheel_can_not_say_where_pythons_library_is(builds: Builds, index: Index) -> None:
    fake = f"{builds.folder}/venv-1/fake"
    files = {
        "home-1.data/data/pyvenv.cfg": f"home = {fake}/bin\n",
        "home-1.data/data/fake/bin/python3": "",
    }
    for minor in range(11, 16):
        library = f"home-1.data/data/fake/lib/python3.{minor}"
        files |= {f"{library}/os.py": "", f"{library}/encodings/__init__.py": RUN}
    index.add("home", "1", files)

    venv = builds.fresh(1, "home")

    assert builds.status == builder.CHANGED
    assert not (venv / ".complete").exists()
    seed = builds.fresh(2, "six")
    builds.grown(seed, 3, "six", "home")
    assert builds.status == UNFIT


def test_a_wheel_can_not_say_what_the_lock_had(builds: Builds, index: Index) -> None:
    index.add("pins", "1", {f"pins-1.data/data/{REQUIREMENTS}": "six==1\n"})

    venv = builds.fresh(1, "pins")

    assert builds.status == builder.CHANGED
    assert not (venv / ".complete").exists()
    seed = builds.fresh(2, "six")
    builds.grown(seed, 3, "six", "pins")
    assert builds.status == UNFIT


def test_a_wheel_can_not_add_to_what_a_seed_brings(builds: Builds, index: Index) -> None:
    hidden = "aside-1.data/data/.seed/lib/python3.11/site-packages/hidden.pth"
    index.add("aside", "1", {hidden: RUN})
    seed = builds.fresh(1, "six")

    grown = builds.grown(seed, 2, "six", "aside")

    assert builds.status != 0
    assert not (grown / ".complete").exists()


def test_a_build_with_code_is_not_kept_from_building(tmp_path: Path) -> None:
    builder.forbid_builds(str(tmp_path / "verified"))
    builder.forbid_builds(str(tmp_path / "verified"))

    private_cache.seed(str(tmp_path / "verified"), str(tmp_path / "private"))

    assert [one.name for one in (tmp_path / "verified").iterdir()] == [builder.BUILDS]
    assert list((tmp_path / "private").iterdir()) == []
