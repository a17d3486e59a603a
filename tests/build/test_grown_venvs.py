"""A venv that began with another one's files is what a fresh one would be, file by file."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build.grower import UNFIT
from pushdeploy.build.seed import Growth
from pushdeploy.build.venv_jobs import BUILDER, GROWER
from pushdeploy.model.pins import differing
from pushdeploy.system import uv
from pushdeploy.system.owned_tree import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

UV = Path(sys.executable).with_name("uv")
PYTHON = Path(sys.executable).resolve()

WANTED = ("--requirement=requirements.txt",)
WHO_ASKED = "REQUESTED"
"""Says that a package was asked for by name once; nothing reads it."""

WHEEL = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPTS = "[console_scripts]\n{name} = {name}:main\n"


@dataclass
class Index:
    """A folder of wheels."""

    folder: Path

    def add(
        self, name: str, version: str, files: dict[str, str], *needs: str, script: bool = False
    ) -> None:
        """Put a wheel there."""
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        for need in needs:
            metadata += f"Requires-Dist: {need}\n"
            if "extra ==" in need:
                metadata += f"Provides-Extra: {need.split(chr(34))[1]}\n"
        whole = {
            **files,
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": WHEEL,
        }
        if script:
            whole[f"{info}/entry_points.txt"] = SCRIPTS.format(name=name)
        rows = [f"{path},{_digest(text)},{len(text)}" for path, text in whole.items()]
        whole[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,\n"])
        with zipfile.ZipFile(self.folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in whole.items():
                wheel.writestr(path, text)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Packages of every kind that matters here."""
    made = Index(tmp_path_factory.mktemp("wheels"))
    made.add(
        "app",
        "1.0",
        {"app/__init__.py": "V = 1\n", "app/old.py": "", "app/data.txt": "1"},
        script=True,
    )
    made.add("app", "2.0", {"app/__init__.py": "V = 2\n", "app/new.py": ""}, script=True)
    made.add("six", "1", {"six.py": "A = 1\n"})
    made.add(
        "needy", "1", {"needy.py": "def main(): pass\n"}, "six", 'app; extra == "more"', script=True
    )
    made.add("space_one", "1", {"space/one/__init__.py": "", "space/one/a.py": "A = 1\n"})
    made.add("space_two", "1", {"space/two/__init__.py": "", "space/two/b.py": "B = 1\n"})
    made.add("mixed_a", "1", {"tests/__init__.py": "A = 1\n", "mixed_a.py": ""})
    made.add("mixed_b", "1", {"tests/__init__.py": "B = 1\n", "mixed_b.py": ""})
    made.add(
        "pth",
        "1",
        {"pth.pth": "import os; open(os.environ['RAN'], 'a').close()\n", "pth_code.py": ""},
    )
    made.add(
        "tool",
        "1",
        {"tool-1.data/scripts/shout": "#!python\nprint(1)\n", "tool-1.data/data/share/tool/x": "x"},
    )
    made.add("half", "1", {"half.py": "def broken(:\n"})
    return made


@dataclass
class Builds:
    """Makes venvs as builds do."""

    folder: Path
    index: Index
    asked: dict[Path, str] = field(default_factory=dict)

    def fresh(self, number: int, *requirements: str) -> Path:
        """One made by uv alone."""
        venv = self._place(number, requirements)
        venv.mkdir()
        lines = (
            uv.make_venv(UV, PYTHON, venv),
            uv.install_wheels(UV, venv, WANTED),
            uv.compile_wheels(PYTHON, venv),
        )
        words = [word for line in lines for word in ("--", *line)][1:]
        self._run(BUILDER, str(venv), str(self.folder), *words)
        return venv

    def grown(
        self, seed: Path, number: int, *requirements: str, owner: Owner | None = None
    ) -> Path:
        """One that begins with the files of another."""
        venv = self._place(number, requirements)
        growth = Growth(seed, venv, owner)
        growth.begin()
        lines = (uv.change_wheels(UV, venv, WANTED), uv.compile_wheels(PYTHON, venv))
        places = (str(seed), str(venv), str(self.folder))
        words = ("", self._differing(seed, venv), *lines[0], "--", *lines[1])
        self._run(GROWER, *places, *words, growth=growth)
        return venv

    def _place(self, number: int, requirements: tuple[str, ...]) -> Path:
        venv, text = self.folder / f"venv-{number}", "\n".join(requirements) + "\n"
        (self.folder / "requirements.txt").write_text(text)
        self.asked[venv] = text
        return venv

    def _differing(self, seed: Path, venv: Path) -> str:
        """As root finds it out; where it would refuse, all of them are handed on to the build."""
        found = differing({"": self.asked[seed]}, {"": self.asked[venv]})
        return ",".join(found or ())

    def _run(self, code: str, *words: str, growth: Growth | None = None) -> None:
        environment = {
            **dict(uv.settings(self.folder / "cache")),
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self.index.folder),
            "RAN": str(self.folder / "ran"),
        }
        with subprocess.Popen(
            [sys.executable, "-I", "-c", code, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            with child.stdin as stdin:
                if growth is not None:
                    growth(lambda: print(".", end="", file=stdin, flush=True))
            said = child.stdout.read()
        self.status, self.said = child.returncode, said


@pytest.fixture
def builds(tmp_path: Path, index: Index) -> Builds:
    """In a folder of their own; nothing is left of the umask of whoever runs the tests."""
    return Builds(tmp_path, index)


def seen(venv: Path) -> dict[str, bytes | str]:
    """All that is in a venv: its own path is the same word in all, and so is when it was made."""
    found: dict[str, bytes | str] = {}
    for folder, folders, names in os.walk(venv):
        for name in [*folders, *names]:
            path = Path(folder, name)
            short = str(path.relative_to(venv))
            if path.is_symlink():
                found[short] = f"-> {path.readlink()}"
            elif path.is_dir():
                found[short] = "folder"
            elif path.name == "RECORD":
                found[short] = b"\n".join(sorted(_named(path.read_bytes(), venv).splitlines()))
            elif path.suffix == ".pyc":
                data = _named(path.read_bytes(), venv)
                found[short] = data[:8] + data[12:]
            elif path.name not in (WHO_ASKED, "uv_cache.json"):
                found[short] = f"{path.stat().st_mode & 0o777:o} ".encode() + _named(
                    path.read_bytes(), venv
                )
    return found


def _named(data: bytes, venv: Path) -> bytes:
    for number in range(1, 10):
        data = data.replace(f"{venv.parent}/venv-{number}".encode(), b"VENV")
    return data


TRANSITIONS = {
    "one more": (["app"], ["app", "six"]),
    "one less": (["app", "six"], ["app"]),
    "none less": (["app", "six"], ["six"]),
    "upgrade": (["app==1.0", "six"], ["app==2.0", "six"]),
    "downgrade": (["app==2.0"], ["app==1.0"]),
    "unpinned": (["app==1.0"], ["app"]),
    "an extra": (["needy"], ["needy[more]"]),
    "an extra less": (["needy[more]"], ["needy"]),
    "what another needed": (["needy"], ["six"]),
    "a share of a namespace": (["space_one"], ["space_one", "space_two"]),
    "a share of a namespace less": (["space_one", "space_two"], ["space_two"]),
    "a line that runs": (["pth"], ["pth", "app"]),
    "a line that ran": (["pth", "app"], ["app"]),
    "data and scripts": (["tool"], ["tool", "needy"]),
    "data and scripts less": (["tool", "needy"], ["needy"]),
    "what does not compile": (["half"], ["half", "app"]),
    "everything": (["app==1.0", "space_one", "tool", "needy"], ["app==2.0", "space_two", "half"]),
}


@pytest.mark.parametrize(("before", "after"), TRANSITIONS.values(), ids=TRANSITIONS)
def test_a_grown_venv_is_a_fresh_one(builds: Builds, before: list[str], after: list[str]) -> None:
    seed = builds.fresh(1, *before)
    was = seen(seed)

    grown = builds.grown(seed, 2, *after)

    assert (builds.status, (grown / ".complete").exists()) == (0, True), builds.said
    made = seen(grown)
    grown.rename(builds.folder / "grown")
    assert made == seen(builds.fresh(2, *after))
    assert seen(seed) == was
    assert not (builds.folder / "ran").exists()  # none of the packages' code


def test_what_two_packages_share_is_not_guessed_when_one_is_gone(builds: Builds) -> None:
    seed = builds.fresh(1, "mixed_a", "mixed_b")
    (packages,) = seed.glob("lib/python3*/site-packages")
    said = (packages / "tests/__init__.py").read_text()
    stays = {"A = 1\n": "mixed_b", "B = 1\n": "mixed_a"}[said]

    grown = builds.grown(seed, 2, stays)

    assert builds.status == UNFIT
    assert not (grown / ".complete").exists()


def test_what_a_package_did_not_list_does_not_outlive_it(tmp_path: Path) -> None:
    """uv adds to `RECORD` what a wheel has and does not list, and we rely on that."""
    own = Index(tmp_path)
    own.add("plain", "1", {"plain.py": "A = 1\n"})
    own.add("sly", "1", {"sly.py": ""})
    with zipfile.ZipFile(tmp_path / "sly-1-py3-none-any.whl", "a") as wheel:
        wheel.writestr("zz_stays.pth", "import os\n")
    builds = Builds(tmp_path, own)
    seed = builds.fresh(1, "plain", "sly")
    assert list(seed.glob("lib/python3*/site-packages/zz_stays.pth"))

    grown = builds.grown(seed, 2, "plain")

    assert (builds.status, (grown / ".complete").exists()) == (0, True), builds.said
    assert not list(grown.glob("lib/python3*/site-packages/zz_stays.pth"))


def test_a_build_that_is_not_told_to_go_on_leaves_nothing_complete(builds: Builds) -> None:
    seed = builds.fresh(1, "app")
    seed.chmod(0o777)  # whoever filled it

    grown = builds.grown(seed, 2, "app", "six")

    assert builds.status == UNFIT
    assert not (grown / ".complete").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="has files that are root's")
def test_files_that_stay_are_one_with_the_seeds_and_what_is_written_is_not(builds: Builds) -> None:
    seed = builds.fresh(1, "app==1.0", "six", "needy")
    for path in (seed, *seed.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o750)
    was = seen(seed)

    grown = builds.grown(seed, 2, "app==2.0", "six", "needy", owner=Owner(0, 0))

    (packages,) = grown.glob("lib/python3*/site-packages")
    names = {path.name: path.stat().st_nlink for path in packages.rglob("*.py")}
    assert (names["six.py"], names["needy.py"], names["new.py"], names["__init__.py"]) == (
        2,
        2,
        1,
        1,
    )
    assert (grown / "bin/needy").stat().st_nlink == 1
    assert (packages / "needy-1.dist-info/RECORD").stat().st_nlink == 1
    assert seen(seed) == was


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("")])
def test_what_a_seed_has_lost_is_not_missing_in_the_next_venv(
    builds: Builds, harm: Callable[[Path], object]
) -> None:
    seed = builds.fresh(1, "app", "six")
    (module,) = seed.glob("lib/python3*/site-packages/six.py")
    harm(module)

    grown = builds.grown(seed, 2, "app", "six", "needy")

    assert builds.status == UNFIT
    assert not (grown / ".complete").exists()
