"""Seed: a new venv begins with the files of the last one, and uv installs what differs.

Only a venv into which uv alone has put files, from wheels, is a seed: what packages' code could
have written is never taken over. On a server each file gets one more name, once it is root's and
nobody else may write it; in embedded mode it is copied.

uv asks the new venv's Python what it is, and that one runs `.pth` files. So uv finds no code
there: only what says which packages are installed. The rest is linked aside meanwhile, and
`grower.py` moves it in when uv has ended.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.model.seed import Seed, not_taken_over, parse_seed, render_seed
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.linked_tree import FOLDER, Making, UnfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.system.owned_tree import Owner

ASIDE = ".seed"
"""In the new venv: what is not there yet."""

INSTALLED = ".dist-info"
"""How folders end that say what is installed (packaging.python.org, "recorded installed")."""

LIBRARY = re.compile(r"python3\.\d+t?")
PYTHONS = re.compile(r"python(3(\.\d+t?)?)?")
SETTINGS = "pyvenv.cfg"
LIB64 = "lib64"


@dataclass(frozen=True, slots=True)
class Former:
    """The venv that a new one may begin with."""

    venv: Path
    but: frozenset[str]
    """Packages that it must not take over: names, normalised."""


def find(place: AppLayout, wanted: Seed) -> Former | None:
    """The venv that this one may begin with, if there is one."""
    try:
        seed = parse_seed(place.seed.read_text())
    except OSError:
        return None
    if seed is None or seed.venv == wanted.venv:
        return None
    but, venv = not_taken_over(seed, wanted), place.venvs / seed.venv
    return Former(venv, but) if but is not None and (venv / COMPLETE).is_file() else None


def note(place: AppLayout, made: Seed) -> None:
    """Let the next one begin with this one, which uv alone has made."""
    files.write(files.File(place.seed, render_seed(made), 0o600))
    reached(Point.BUILD_NOTED)


def forget(place: AppLayout, venv: Path) -> None:
    """Before a venv is made in this place by whatever way: what was there is no seed any more."""
    try:
        seed = parse_seed(place.seed.read_text())
    except OSError:
        return
    if seed is None or seed.venv == venv.name:
        place.seed.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Growth:
    """A new venv while it gets the files of another."""

    seed: Path
    venv: Path
    owner: Owner | None
    """Who builds it; `None` in embedded mode."""

    def begin(self) -> None:
        """Make its folder, which is not handed over before something is in it."""
        self.venv.mkdir(mode=0o700)

    def __call__(self, go: Callable[[], None]) -> None:
        """Fill it; a build that was not told to go on says `UNFIT`."""
        with suppress(UnfitError, OSError):
            self.fill(go)

    def fill(self, go: Callable[[], None]) -> None:
        """Fill it, while the build's sandbox is made and uv works.

        Args:
            go: to be called twice: uv may begin; all is there.

        Raises:
            UnfitError: something of the seed can't come along.
            OSError: the same.
        """
        making = Making(self.owner)
        with _opened(making, None, str(self.seed)) as seed, _open_now(self.venv) as venv:
            os.mkdir(ASIDE, 0o700, dir_fd=venv)
            aside = os.open(ASIDE, FOLDER, dir_fd=venv)
            try:
                library = _skeleton(making, seed, venv)
                making.hand_over(venv)
                go()
                _rest(making, seed, aside, library)
                making.hand_over(aside)
                go()
            finally:
                os.close(aside)


def _skeleton(making: Making, seed: int, venv: int) -> str:
    """The Python, and what says which packages there are; returns the library's name."""
    for name in (SETTINGS, LIB64):
        making.inside(seed, venv, name)
    with _both(making, seed, venv, "bin") as (old, new):
        for name in filter(PYTHONS.fullmatch, os.listdir(old)):
            making.inside(old, new, name)
    with _both(making, seed, venv, "lib") as (old, new):
        found = list(filter(LIBRARY.fullmatch, os.listdir(old)))
        if len(found) != 1:
            raise UnfitError("there is not one library")
        with (
            _both(making, old, new, found[0]) as (old_library, new_library),
            _both(making, old_library, new_library, "site-packages") as (packages, made),
        ):
            for name in os.listdir(packages):
                if name.endswith(INSTALLED):
                    making.inside(packages, made, name)
    return found[0]


def _rest(making: Making, seed: int, aside: int, library: str) -> None:
    """All that the skeleton has not."""
    done = {SETTINGS, LIB64, COMPLETE, "bin", "lib"}
    making.folder(seed, aside, skip=done.__contains__)
    with _both(making, seed, aside, "bin") as (old, new):
        making.folder(old, new, skip=lambda name: PYTHONS.fullmatch(name) is not None)
    with (
        _both(making, seed, aside, "lib") as (old_lib, new_lib),
        _both(making, old_lib, new_lib, library) as (old, new),
    ):
        making.folder(old, new, skip="site-packages".__eq__)
        with _both(making, old, new, "site-packages") as (old_packages, new_packages):
            making.folder(old_packages, new_packages, skip=lambda name: name.endswith(INSTALLED))


@contextmanager
def _both(making: Making, seed: int, venv: int, name: str) -> Iterator[tuple[int, int]]:
    """The folder of this name in both, open; then handed over."""
    old, new = making.made(seed, venv, name)
    try:
        yield old, new
        making.hand_over(new)
    finally:
        os.close(old)
        os.close(new)


@contextmanager
def _opened(making: Making, folder: int | None, name: str) -> Iterator[int]:
    descriptor = making.opened(folder, name)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _open_now(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
