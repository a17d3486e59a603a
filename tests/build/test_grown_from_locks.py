"""A venv that a lock's packages were taken over for is what a fresh one of that lock would be."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from pushdeploy.build.export import EXPORTERS, export, key
from pushdeploy.build.make_venv import make_venv
from pushdeploy.build.venv_jobs import VenvPlan
from pushdeploy.model.dependencies import find_dependencies
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import JobKind
from pushdeploy.model.repo_settings import RepoSettings
from pushdeploy.system import command, pythons
from pushdeploy.system.command import Command
from tests.build.test_build import TREE
from tests.build.test_grown_venvs import Index, seen
from tests.deploy.fakes import FakeSupervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pushdeploy.model.job import Fed, Job
    from tests.deploy.machine import FakeMachine

UV = Path(sys.executable).with_name("uv")
POETRY = '[tool.poetry]\nname = "shop"\npackage-mode = false\n'
PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'


class Server(http.server.SimpleHTTPRequestHandler):
    """A package index (PEP 503): a folder for each index, and in it the wheels."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Links with digests, of all wheels of the index or of one package."""
        folder = Path(path)
        wheels = folder if folder.name != "simple" else folder.parent
        found = "".join(_link(wheel) for wheel in sorted(wheels.glob("*.whl")))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<!DOCTYPE html><html><body>{found}</body></html>".encode())


def _link(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>\n'


@dataclass
class Indexes:
    """Package indexes by name, reached over HTTP."""

    root: Path
    url: str

    def of(self, name: str) -> str:
        """The address of one."""
        return f"{self.url}/{name}"

    def digest(self, where: str, wheel: str) -> str:
        """The SHA-256 of a wheel, such as `app-1.0`."""
        (found,) = (self.root / where).glob(f"*/{wheel}-*.whl")
        return hashlib.sha256(found.read_bytes()).hexdigest()

    def add(self, where: str, name: str, version: str, files: dict[str, str], *needs: str) -> None:
        """Put a package there."""
        folder = self.root / where / name.replace("_", "-")
        folder.mkdir(parents=True, exist_ok=True)
        Index(folder).add(name, version, files, *needs, script=True)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    """Two that have a package of the same name and version, but not of the same content."""
    root = tmp_path_factory.mktemp("indexes")
    handler = partial(Server, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        made = Indexes(root, f"http://127.0.0.1:{server.server_port}")
        for where, says in (("one", "1"), ("two", "2")):
            made.add(where, "app", "1.0", {"app/__init__.py": f"V = {says}\n", "app/old.py": ""})
            made.add(where, "app", "2.0", {"app/__init__.py": "V = 20\n"}, "six")
            made.add(where, "six", "1", {"six.py": "A = 1\n"})
            made.add(where, "t", "1", {"t.py": ""})
            made.add(where, "big_one", "1", {f"big_one/m{n}.py": f"N = {n}\n" for n in range(30)})
        made.add("two", "only_two", "1", {"only_two.py": "A = 1\n"})
        # Built again under its old name: the same version with another file less.
        made.add("rebuilt", "app", "1.0", {"app/__init__.py": "V = 3\n"})
        made.add("rebuilt", "six", "1", {"six.py": "A = 1\n"})
        yield made
        server.shutdown()


class Runs(FakeSupervisor):
    """Runs the jobs of builds, without a sandbox."""

    def once(self, job: Job, on_line: Callable[[str], None], fed: Fed | None = None) -> int:
        self.jobs.append(job)
        environment = dict(job.environment) | dict(job.private) | {"HOME": str(job.home)}
        line = Command(job.argv, environment=environment, folder=job.folder, umask=0o027)
        return command.stream(line, on_line, seconds=60, fed=fed)


@dataclass
class Builds:
    """Venvs of one app, from one tree after the other."""

    machine: FakeMachine
    index: str
    said: list[str] = field(default_factory=list)
    made: int = 0

    def venv(
        self, files: dict[str, str], *, fresh: bool = False, groups: tuple[str, ...] = ()
    ) -> Path:
        """The venv of a tree with these files, from another one's unless it is to be `fresh`."""
        self.made += 1
        found = find_dependencies(files.keys(), files.get)
        tree = replace(
            TREE,
            slug=f"{self.made:024x}",
            requirements=found.texts,
            source=found.source,
            project=found.project,
            local=found.local,
            settings=RepoSettings(file="pyproject.toml", groups=groups),
        )
        code = self.machine.place.slugs / tree.slug
        code.mkdir(parents=True)
        for name, text in files.items():
            (code / name).parent.mkdir(exist_ok=True)
            (code / name).write_text(text)
        own = pythons.interpreter(Path(sys.executable).resolve())
        assert own is not None
        self.machine.place.build_cache.mkdir(parents=True, exist_ok=True)
        plan = VenvPlan(
            *(self.machine, self.machine.place.name, tree, own),
            self.machine.place.venvs / f"{self.made:024x}",
            private=(("UV_DEFAULT_INDEX", self.index),),
        )
        self.machine.supervisor.jobs.clear()
        export(plan, lambda event: self.said.append(str(event)))
        make_venv(plan, lambda event: self.said.append(str(event)), fresh=fresh)
        return plan.venv

    @property
    def kinds(self) -> list[JobKind]:
        """The jobs of the last one."""
        return [job.kind for job in self.machine.supervisor.jobs]

    @property
    def grew(self) -> bool:
        """Whether the last one came of another one, and of nothing else."""
        jobs = [one for one in self.machine.supervisor.jobs if one.kind is not JobKind.EXPORT]
        return len(jobs) == 1 and "grower" in " ".join(jobs[0].argv)


@pytest.fixture
def builds(machine: FakeMachine, indexes: Indexes) -> Builds:
    """In which nothing was made yet."""
    runs = Runs()
    return Builds(replace(machine, supervisor=runs, uv=UV), indexes.of("one"))


def locked(
    tmp: Path,
    index: str,
    *wanted: str,
    more: str = "",
    form: str = "",
    beside: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """A project with what uv makes of it: uv.lock, or another form of it."""
    folder = tmp / f"project-{len(list(tmp.glob('project-*')))}"
    folder.mkdir()
    for name, text in (beside or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    project = f"{PROJECT}dependencies = {json.dumps(wanted)}\n{more}"
    (folder / "pyproject.toml").write_text(project)
    settings = {
        **{name: text for name, text in os.environ.items() if not name.startswith("UV_")},
        "UV_CACHE_DIR": str(tmp / "lock-cache"),
        **({"UV_DEFAULT_INDEX": index} if index else {}),
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            [str(UV), *words], cwd=folder, env=settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("lock", "--quiet", f"--python={sys.executable}")
    if form:
        return {
            form: run("export", "--quiet", "--frozen", "--no-default-groups", f"--format={form}")
        }
    return {"pyproject.toml": project, "uv.lock": (folder / "uv.lock").read_text()}


def assert_as_fresh(
    builds: Builds, before: dict[str, Any], after: dict[str, Any], *, grows: bool = True
) -> None:
    """The venv of the second tree is the same, begun with the first one's or with nothing.

    Args:
        builds: makes them.
        before: the words of `Builds.venv`.
        after: the same.
        grows: whether it is expected to begin with the first one's.
    """
    seed = builds.venv(**before)
    was = contents(seed)

    grown = builds.venv(**after)

    assert builds.grew == grows, builds.said
    assert (grown / ".complete").exists()
    assert contents(seed) == was
    assert contents(grown) == contents(builds.venv(**after, fresh=True))
    assert not builds.grew


def contents(venv: Path) -> dict[str, bytes | str]:
    """All that is in a venv; the path of any venv is the same word (bytecode has its first one)."""
    any_venv = re.escape(str(venv.parent).encode()) + rb"/[0-9a-f]{24}"

    def plain(path: str, content: bytes | str) -> bytes | str:
        if isinstance(content, str):
            return content
        lines = content.splitlines(keepends=True)
        if path.endswith("RECORD"):  # a script has the path of its venv: its digest, too
            lines = [line for line in lines if not line.startswith(b"../../../bin/")]
        return re.sub(any_venv, b"VENV", b"".join(lines))

    return {path: plain(path, content) for path, content in seen(venv).items()}


TRANSITIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "add": (("app==1.0",), ("app==1.0", "six")),
    "remove": (("app==1.0", "six", "big-one"), ("app==1.0",)),
    "upgrade": (("app==1.0", "big-one"), ("app==2.0", "big-one")),
    "everything": (("app==1.0",), ("six", "big-one")),
    "a marker": (("six",), ("six", "app==1.0; python_version < '3'")),
}
FORMS = ["", "pylock.toml"]


@pytest.mark.parametrize(("before", "after"), TRANSITIONS.values(), ids=TRANSITIONS)
def test_a_uv_lock_that_changes_makes_what_a_fresh_venv_has(
    builds: Builds, tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    lock = partial(locked, tmp_path, builds.index)

    assert_as_fresh(builds, {"files": lock(*before)}, {"files": lock(*after)})


@pytest.mark.parametrize("change", ["remove", "upgrade"])
def test_a_pylock_that_changes_makes_what_a_fresh_venv_has(
    builds: Builds, tmp_path: Path, change: str
) -> None:
    before, after = (
        {"files": locked(tmp_path, builds.index, *wanted, form="pylock.toml")}
        for wanted in TRANSITIONS[change]
    )

    assert_as_fresh(builds, before, after)


@pytest.mark.parametrize("form", FORMS)
def test_a_version_that_was_built_again_is_not_taken_over(
    builds: Builds, indexes: Indexes, tmp_path: Path, form: str
) -> None:
    """The index is the same one, whose file is another by now: so is the hash in the lock."""
    (indexes.root / "moving").unlink(missing_ok=True)
    (indexes.root / "moving").symlink_to(indexes.root / "one")
    builds.index = indexes.of("moving")
    lock = partial(locked, tmp_path, builds.index, "app==1.0", "six", form=form)
    before = lock()
    seed = builds.venv(before)
    (indexes.root / "moving").unlink()
    (indexes.root / "moving").symlink_to(indexes.root / "rebuilt")
    (packages,) = seed.glob("lib/python3*/site-packages")
    subprocess.run(["rm", "-rf", str(tmp_path / "lock-cache")], check=True)
    after = lock()
    assert after != before

    grown = builds.venv(after)

    (packages,) = grown.glob("lib/python3*/site-packages")
    assert builds.grew, builds.said
    assert (packages / "app/__init__.py").read_text() == "V = 3\n"
    assert not (packages / "app/old.py").exists()
    assert contents(grown) == contents(builds.venv(after, fresh=True))


def test_another_index_in_the_settings_begins_afresh(
    builds: Builds, indexes: Indexes, tmp_path: Path
) -> None:
    def lock(where: str) -> dict[str, str]:
        index = f'[[tool.uv.index]]\nurl = "{indexes.of(where)}"\ndefault = true\n'
        return locked(tmp_path, "", "app==1.0", "six", more=index)

    builds.index = indexes.of("one")
    after = lock("two")
    seed = builds.venv(lock("one"))
    assert seed.exists()
    builds.index = indexes.of("two")

    grown = builds.venv(after)

    assert not builds.grew
    (packages,) = grown.glob("lib/python3*/site-packages")
    assert (packages / "app/__init__.py").read_text() == "V = 2\n"


def test_a_package_of_another_explicit_index_is_taken_from_there(
    builds: Builds, indexes: Indexes, tmp_path: Path
) -> None:
    def lock(where: str) -> dict[str, str]:
        index = f'[[tool.uv.index]]\nname = "own"\nurl = "{indexes.of(where)}"\nexplicit = true\n'
        sources = '[tool.uv.sources]\napp = { index = "own" }\n'
        return locked(tmp_path, builds.index, "app==1.0", "six", more=index + sources)

    assert_as_fresh(builds, {"files": lock("one")}, {"files": lock("two")}, grows=False)


def test_groups_that_are_named_later_are_installed(builds: Builds, tmp_path: Path) -> None:
    groups = '[dependency-groups]\njobs = ["big-one"]\n'
    files = locked(tmp_path, builds.index, "app==1.0", more=groups)

    before: dict[str, Any] = {"files": files}
    after = {**before, "groups": ("jobs",)}

    assert_as_fresh(builds, before, after, grows=False)
    (packages,) = builds.venv(**after).glob("lib/python3*/site-packages")
    assert (packages / "big_one").is_dir()


def of_pdm(indexes: Indexes, **markers: str) -> str:
    """A pylock.toml as PDM writes it: name of a package to its marker."""
    text = 'lock-version = "1.0"\nextras = ["more"]\ncreated-by = "pdm"\n'
    text += 'dependency-groups = ["default", "dev", "jobs"]\ndefault-groups = ["default"]\n'
    for name, marker in markers.items():
        digest, folder = indexes.digest("one", f"{name}-1"), name.replace("_", "-")
        address = f"{indexes.of('one')}/{folder}/{name}-1-py3-none-any.whl"
        text += f'[[packages]]\nname = "{folder}"\nversion = "1"\nmarker = "{marker}"\n'
        text += f'wheels = [{{ url = "{address}", hashes = {{ sha256 = "{digest}" }} }}]\n'
    return text


@pytest.mark.parametrize(
    ("groups", "there"), [((), ["six"]), (("jobs",), ["big_one", "six"]), (("more",), ["six", "t"])]
)
def test_groups_of_a_pylock_are_installed_when_they_are_named(
    builds: Builds, indexes: Indexes, groups: tuple[str, ...], there: list[str]
) -> None:
    group = "'{}' in dependency_groups".format
    lock = of_pdm(indexes, six=group("default"), big_one=group("jobs"), t="'more' in extras")

    venv = builds.venv({"pylock.toml": lock}, groups=groups)

    found = venv.glob("lib/python3*/site-packages/*.dist-info")
    assert sorted(one.name.partition("-")[0] for one in found) == there


def pins(*lines: str) -> dict[str, str]:
    """A project of Poetry, whose lock is what the tool will say of it."""
    return {"pyproject.toml": POETRY, "poetry.lock": "\n".join([*lines, ""])}


@pytest.fixture
def poetry(builds: Builds) -> Builds:
    """Poetry is there, and prints the lock as it is."""
    own = pythons.interpreter(Path(sys.executable).resolve())
    assert own is not None
    tool = builds.machine.place.venvs / key(EXPORTERS[Source.POETRY], own)
    (tool / "bin").mkdir(parents=True)
    (tool / "bin/poetry").write_text("#!/bin/sh\nexec cat poetry.lock\n")
    (tool / "bin/poetry").chmod(0o755)
    (tool / ".complete").touch()
    return builds


def test_what_another_tool_says_of_its_lock_is_compared_too(
    poetry: Builds, indexes: Indexes
) -> None:
    app = f"app==1.0 ; python_version >= '3' --hash=sha256:{indexes.digest('one', 'app-1.0')}"
    six = f"six==1 --hash=sha256:{indexes.digest('one', 'six-1')}"
    more = f"big-one==1 --hash=sha256:{indexes.digest('one', 'big_one-1')}"

    assert_as_fresh(poetry, {"files": pins(app, six)}, {"files": pins(six, more)})


def test_a_wheel_at_an_address_is_fetched_again(poetry: Builds, indexes: Indexes) -> None:
    address = f"{indexes.of('one')}/app/app-1.0-py3-none-any.whl"
    before, after = pins(f"app @ {address}"), pins(f"app @ {address}", "six==1")

    assert_as_fresh(poetry, {"files": before}, {"files": after})


BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "own-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.write("own.py")
        about = "Metadata-Version: 2.1\\nName: own\\nVersion: 1\\n"
        wheel.writestr("own-1.dist-info/METADATA", about)
        wheel.writestr("own-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n")
        wheel.writestr("own-1.dist-info/RECORD", "own.py,,\\n")
    return name

build_editable = build_wheel
"""
PACKAGE = {
    "pyproject.toml": '[project]\nname = "own"\nversion = "1"\n[build-system]\nrequires = []\n'
    'build-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": BACKEND,
    "own.py": "N = 1\n",
}


def test_a_package_from_git_is_built_at_the_commit_of_the_lock(
    builds: Builds, tmp_path: Path
) -> None:
    repo = tmp_path / "own"
    repo.mkdir()
    for name, text in PACKAGE.items():
        (repo / name).write_text(text)
    git(repo, "init", "--quiet")
    commit(repo)
    source = f'[tool.uv.sources]\nown = {{ git = "file://{repo}" }}\n'
    without, first = (
        locked(tmp_path, builds.index, *wanted, more=source) for wanted in (["six"], ["six", "own"])
    )
    (repo / "own.py").write_text("N = 2\n")
    commit(repo)
    second = locked(tmp_path, builds.index, "six", "own", more=source)
    builds.venv(without)
    builds.venv(first)

    made = builds.venv(second)

    assert builds.kinds == [JobKind.FETCH, JobKind.BUILD]
    (packages,) = made.glob("lib/python3*/site-packages")
    assert (packages / "own.py").read_text() == "N = 2\n"
    assert contents(made) == contents(builds.venv(second, fresh=True))


def git(folder: Path, *words: str) -> None:
    """Run git there."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def commit(folder: Path) -> None:
    """Commit all."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Change it")


@pytest.mark.parametrize("editable", ["false", "true"])
def test_a_package_of_the_repo_is_neither_taken_over_nor_handed_on(
    builds: Builds, tmp_path: Path, editable: str
) -> None:
    source = f'[tool.uv.sources]\nown = {{ path = "own", editable = {editable} }}\n'
    own = {f"own/{name}": text for name, text in PACKAGE.items()}
    lock = locked(tmp_path, builds.index, "six", "own", more=source, beside=own)
    builds.venv(locked(tmp_path, builds.index, "six", more=source))
    noted = builds.machine.place.seed.read_text()

    made = builds.venv({**lock, **own})

    assert builds.kinds == [JobKind.BUILD]
    assert builds.machine.place.seed.read_text() == noted
    assert list(made.glob("lib/python3*/site-packages/own-1.dist-info"))
