"""Push to live with a package added to a uv.lock: from the last venv, and from nothing.

The app is a second one on the same server, with the subject's packages in a lock and without a
requirements.txt. From nothing means that pushdeploy has forgotten which venv it could begin with.
"""

import hashlib
import re
from pathlib import Path

from bench.figures import Book
from bench.machine import Machine
from bench.push_to_live import to_live
from tests.host import wheelhouse

MEASURE = "push → live, a package added to uv.lock"
ADDED = "waitress"
RATIO = "from nothing beside from the last venv"
APP = "locked"
PORT = 8001
"""The front of the second app; nginx answers with the first."""


def measure(machine: Machine, book: Book, runs: int, suite: str) -> None:
    """Both in turn, with a warm cache; before each, the package is taken away again."""
    wheels = sorted(wheelhouse.build(suite).glob("*.whl"))
    pins = _installed(machine)
    files = {path: text for path, text in machine.subject.files().items() if "requirem" not in path}
    app = machine.beside(APP, {**files, **lock(pins, wheels)})
    book.command(MEASURE, "git push production main   # uv.lock has one more package")
    for turn in range(2 * runs + 1):
        if turn:
            to_live(app, "production", PORT, app.commit(lock(pins, wheels, turn)))
        else:
            to_live(app, "production", PORT, 1)
        version = app.commit(lock([*pins, _newest(wheels)], wheels, turn))
        fresh = turn % 2 == 1
        if fresh:
            app.host.run("rm", "-f", f"{app.root}/seed.json")
        app.host.run("sync")
        live, _ = to_live(app, "production", PORT, version)
        if turn:  # the first one fills the cache
            book.add(MEASURE, "pushdeploy", "from nothing" if fresh else "from the last venv", live)


def _newest(wheels: list[Path]) -> tuple[str, str]:
    """What is added: name and version."""
    found = [one.name.split("-")[1] for one in wheels if one.name.startswith(f"{ADDED}-")]
    return ADDED, max(found, key=_order)


def _installed(machine: Machine) -> list[tuple[str, str]]:
    """Name and version of each package in the live venv of the first app."""
    packages = f"{machine.root}/current/venv/lib/python3*/site-packages"
    listed = machine.host.run("sh", "-c", f"ls -d {packages}/*.dist-info").stdout.split()
    parts = (Path(one).name.removesuffix(".dist-info").partition("-") for one in listed)
    return sorted((_plain(name), version) for name, _, version in parts)


def lock(pins: list[tuple[str, str]], wheels: list[Path], turn: int = 0) -> dict[str, str]:
    """A project that needs these packages, and its lock as uv writes one; new in each turn."""
    wanted = ", ".join(f'"{name}"' for name, _ in pins)
    needs = "".join(f'    {{ name = "{name}" }},\n' for name, _ in pins)
    text = f"# Turn {turn}.\n"
    text += 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n'
    text += "".join(_package(name, version, wheels) for name, version in pins)
    text += '[[package]]\nname = "blog"\nversion = "1"\nsource = { virtual = "." }\n'
    text += f"dependencies = [\n{needs}]\n\n[package.metadata]\nrequires-dist = [\n{needs}]\n"
    project = '[project]\nname = "blog"\nversion = "1"\nrequires-python = ">=3.11"\n'
    return {"pyproject.toml": f"{project}dependencies = [{wanted}]\n", "uv.lock": text}


def _package(name: str, version: str, wheels: list[Path]) -> str:
    """A package with all its wheels."""
    own = [one for one in wheels if _plain(one.name.partition("-")[0]) == name]
    listed = "".join(
        f'    {{ url = "https://files.pythonhosted.org/{one.name}", '
        f'hash = "sha256:{hashlib.sha256(one.read_bytes()).hexdigest()}" }},\n'
        for one in own
        if one.name.split("-")[1] == version
    )
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        f'source = {{ registry = "https://pypi.org/simple" }}\nwheels = [\n{listed}]\n\n'
    )


def _order(version: str) -> list[int]:
    return [int(one) for one in re.findall(r"\d+", version)]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
