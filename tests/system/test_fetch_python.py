"""uv itself fetches a Python from a mirror, and it is there whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system import pythons, uv
from pushdeploy.system.fetch_python import OwnPythons, deciding
from tests.system.mirror import make_mirror

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A mirror with one Python, and its version."""
    folder = tmp_path_factory.mktemp("mirror")
    return folder, make_mirror(folder)


def test_what_is_fetched_can_be_chosen_from_then_on(
    mirror: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, version = mirror
    monkeypatch.setenv("UV_CONFIG_FILE", str(folder / "uv.toml"))
    (found,) = uv.fetchable(UV)
    assert str(found) == version

    made = OwnPythons().fetch(UV, found, tmp_path / "pythons")

    ((path, there),) = pythons.fetched(tmp_path / "pythons")
    assert (str(there), path.parents[1]) == (version, made)
    assert path.is_file()
    assert made.name.startswith(f"cpython-{version}-linux-")
    assert [one.name for one in (tmp_path / "pythons").iterdir()] == [made.name]
    again = OwnPythons().fetch(UV, found, tmp_path / "pythons")
    assert again == made


def test_a_mirror_that_is_away_leaves_nothing(
    mirror: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = mirror
    away = tmp_path / "uv.toml"
    listed = (folder / "downloads.json").read_text().replace("python.tar.gz", "gone.tar.gz")
    (tmp_path / "downloads.json").write_text(listed)
    url = (tmp_path / "downloads.json").as_uri()
    away.write_text(f'python-downloads-json-url = "{url}"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(away))
    (found,) = uv.fetchable(UV)

    with pytest.raises(UnavailableError, match="uv could not fetch that Python"):
        OwnPythons().fetch(UV, found, tmp_path / "pythons")

    assert list((tmp_path / "pythons").iterdir()) == []


def test_what_is_not_complete_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "cpython-3.14.2-linux-x86_64-gnu" / "bin").mkdir(parents=True)
    (tmp_path / "pypy-3.11.2-linux-x86_64-gnu").mkdir()

    assert pythons.fetched(tmp_path) == []


NO_NAME = """\
Downloading cpython-3.14.10-linux-x86_64-gnu
error: Failed to install cpython-3.14.10-linux-x86_64-gnu
  cause: Request failed after 3 retries in 6.1s
  cause: Failed to download `https://github.com/astral-sh/cpython-3.14.10.tar.gz`
  cause: client error (Connect)
  cause: failed to lookup address information: Name or service not known
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            NO_NAME,
            " from github.com: failed to lookup address information: Name or service not known",
        ),
        (
            "error: No download found for request: cpython-3.4\n",
            ": No download found for request: cpython-3.4",
        ),
        ("", ""),
    ],
)
def test_of_all_causes_the_last_one_is_told(said: str, told: str) -> None:
    assert deciding(said) == told
