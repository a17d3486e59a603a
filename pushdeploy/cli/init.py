"""`init`: a repo made ready for its first push, after a look at what it holds."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.check import repo_here
from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.cli.style import DETAIL, STEP
from pushdeploy.engine.registry import App
from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.remote import PRODUCTION, parse_remote
from pushdeploy.model.text import decode_any, quoted
from pushdeploy.model.tracked_file import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pushdeploy.cli.target import Target
    from pushdeploy.system.git import Checkout

    Read = Callable[[str], str | None]

ENVIRONMENTS = (".venv", "venv", "env")
"""Where people keep the app's venv."""

MIGRATE = "release: python manage.py migrate --noinput\n"
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(3\.[0-9]{1,2})\b", re.MULTILINE)


@command("init", example="pushdeploy init deploy@server:blog", app=App.NONE, anywhere=True)
@click.argument("url", required=False, metavar="[deploy@SERVER:APP]")
def init(target: Target, *, url: str | None) -> None:
    """Make a repo ready for its first push.

    Writes a Procfile and a .python-version if there are none, and adds the remote `production`.
    What is there already is never changed.
    """
    checkout = repo_here(target)
    if url is not None and parse_remote(url) is None:
        raise UsageError(
            f"{quoted(url)} does not name an app on a server",
            hint="pushdeploy init deploy@SERVER:APP",
        )
    made = [name for name, text in _files(checkout) if _write(checkout.folder / name, text)]
    _remote(checkout, url)
    names = " ".join(made)
    commit = f"git add {names} && git commit -m 'Get ready to deploy'"
    say(
        f"{STEP}Next:",
        *(f"{DETAIL}{line}" for line in [*([commit] if made else []), _push(checkout)]),
    )


def _files(checkout: Checkout) -> Iterator[tuple[str, str]]:
    """The files that the repo lacks, with what they should say; tells why."""
    from pushdeploy.model.asked_python import asked_python
    from pushdeploy.model.dependency_file import REQUIREMENTS, Source
    from pushdeploy.model.procfile import PROCFILE
    from pushdeploy.model.python_version import PYTHON_VERSION
    from pushdeploy.model.repo_root import rooted
    from pushdeploy.model.sub_apps import refuse_sub_apps
    from pushdeploy.model.web_guess import guess_of, guess_or_refuse

    def read(path: str) -> str | None:
        return _text(checkout.folder / path) if path in checkout.listed else None

    folder, settings = rooted(read, "")
    if folder:
        say(f"{STEP}{folder}/ becomes the release, as {settings.file} says: it says the rest")
        return
    if PROCFILE in checkout.listed:
        say(f"{STEP}Procfile: is there already")
    else:
        refuse_sub_apps(checkout.listed, read, guess_of(checkout.listed, read), "")
        guess = guess_or_refuse(checkout.listed, read)
        say(f"{STEP}Procfile, by the {guess.what}:")
        text = guess.procfile + (MIGRATE if "manage.py" in checkout.listed else "")
        say(*(f"{DETAIL}{line}" for line in text.splitlines()))
        yield PROCFILE, text
    if not any(source.value in checkout.listed for source in Source if source.value):
        say(f"{STEP}No list of packages: pip freeze > {REQUIREMENTS}, and commit it, too")
    python = asked_python(read)
    if Source.CONDA in checkout.listed:
        say(f"{STEP}Python: that of {Source.CONDA}")
    elif python.versions:
        say(f"{STEP}Python {python.versions}, as {python.file} asks")
    else:
        version, why = _python(checkout.folder)
        say(f"{STEP}{PYTHON_VERSION}: {version}, {why}")
        yield PYTHON_VERSION, f"{version}\n"


def _text(path: Path) -> str | None:
    """A file's text; None when it is none."""
    try:
        if path.is_symlink() or path.stat().st_size > TEXT_LIMIT:
            return None
        return decode_any(path.read_bytes(), path.name)
    except (OSError, RefusedInputError):
        return None


def _python(folder: Path) -> tuple[str, str]:
    """The Python that the app is written with, and how that is known."""
    for name in ENVIRONMENTS:
        match = _VERSION.search(_text(folder / name / "pyvenv.cfg") or "")
        if match:
            return match[1], f"as in {name}/"
    return f"{sys.version_info.major}.{sys.version_info.minor}", "as this machine's"


def _write(path: Path, text: str) -> bool:
    """Make a file, unless there is one."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        say(f"{STEP}{path.name} is there, and ignored by git: it is left as it is")
        return False
    return True


def _remote(checkout: Checkout, url: str | None) -> None:
    from pushdeploy.system.git import add_remote

    present = _production(checkout)
    if present is not None:
        say(f"{STEP}Remote {PRODUCTION}: {present}")
    elif url is not None:
        add_remote(checkout.folder, PRODUCTION, url)
        say(f"{STEP}Remote {PRODUCTION}: added, {url}")


def _production(checkout: Checkout) -> str | None:
    """Where the remote `production` leads; None when there is none."""
    from pushdeploy.system.git import push_remotes

    found = push_remotes(checkout.folder)
    remotes = found.remotes if found else ()
    return next((one.url for one in remotes if one.name == PRODUCTION), None)


def _push(checkout: Checkout) -> str:
    there = _production(checkout) is not None
    add = "" if there else f"git remote add {PRODUCTION} deploy@SERVER:APP && "
    return f"{add}git push {PRODUCTION} HEAD:main"
