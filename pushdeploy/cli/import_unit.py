"""`import-unit`: an app moves in that a hand-written systemd unit runs until now.

It reads the unit and its files with the rights of whoever types it, so nobody sees through it what
they could not read; the engine is asked only for what `apps:create` and `config:set` do.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.apps import to_paste
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command
from pushdeploy.cli.engine_link import layout
from pushdeploy.cli.output import say
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import apps, config
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.environment import parse_vars
from pushdeploy.model.imported_unit import ImportedUnit, imported, merged
from pushdeploy.model.text import decode_any, quoted
from pushdeploy.model.unit_file import parse_unit_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pushdeploy.cli.target import Local

FOLDERS = ("data", "instance", "media", "uploads")
VENVS = ("venv", ".venv", "env")
LISTS = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "environment.yml")
FILES = ("*.db", "*.sqlite", "*.sqlite3")
"""What apps of the usual tutorials write beside their code."""


@command("import-unit", example="sudo pushdeploy import-unit blog.service --app blog", app=App.NONE)
@click.argument("units", nargs=-1, required=True, metavar="UNIT...")
@click.option("--app", "name", metavar="NAME", help="The app's name; by default the first unit's.")
def import_unit(target: Local, *, units: tuple[str, ...], name: str | None) -> int:
    """Move in an app that a systemd unit runs.

    Shows the Procfile that does the same, creates the app and sets its config vars. The unit goes
    on as it is: what follows is printed, to be typed when you are ready.
    """
    full = [unit if "." in unit else f"{unit}.service" for unit in units]
    found = [_read(unit) for unit in full]
    app = parse_app_name(name or full[0].removesuffix(".service"))
    procfile = merged(found)
    values: dict[str, str] = {}
    for one in found:
        values |= {**one.values, **_of_files(one)}
    for one in found:
        say(*_shown(one))
    made = target.ask(apps.create(app))
    say(f"Creating {app}... {'done' if made.made else 'it existed already'}")
    status = 0
    if values:
        doing = f"Setting {', '.join(sorted(values))}"
        status = briefly(target, doing, f"and restarting {app}", config.change(app, values=values))
    if status == 0:
        say(*_next(app, procfile, found))
    return status


def _read(unit: str) -> ImportedUnit:
    """What a unit comes to, as systemd has it with all drop-ins.

    Raises:
        RefusedInputError: There is no such unit, or it can't be imported.
    """
    from pushdeploy.system.systemctl import unit_text  # nothing else of this command needs it

    text = unit_text(unit)
    if not text:
        raise RefusedInputError(
            f"systemd has no unit {quoted(unit)}",
            hint="systemctl list-units --type=service",
        )
    return imported(unit, parse_unit_file(text))


def _of_files(unit: ImportedUnit) -> dict[str, str]:
    """The config vars in the files that a unit names; a later one wins, as in systemd."""
    found: dict[str, str] = {}
    for one in unit.environment_files:
        try:
            content = Path(one.path).read_bytes()
        except FileNotFoundError as error:
            if one.optional:
                continue
            raise RefusedInputError(
                f"{quoted(unit.unit)} reads {quoted(one.path)}, which is not there",
                hint=f"systemctl edit --full {unit.unit}",
            ) from error
        except OSError as error:
            raise RefusedInputError(
                f"{quoted(one.path)} can't be read: {error.strerror}",
                hint=f"sudo pushdeploy import-unit {unit.unit}",
            ) from error
        found |= parse_vars(decode_any(content, one.path))
    return found


def _shown(unit: ImportedUnit) -> Iterator[str]:
    place = f" in {unit.folder}" if unit.folder else ""
    yield f"-----> {unit.unit} runs{place} as {unit.user}; in a Procfile:"
    yield from (f"       {line}" for line in unit.lines)
    if unit.left_out:
        yield f"       left out, since each release brings its own: {', '.join(unit.left_out)}"
    if unit.skipped:
        yield f"       not set, since pushdeploy sets it: {', '.join(unit.skipped)}"


def _next(app: str, procfile: Sequence[str], units: Sequence[ImportedUnit]) -> Iterator[str]:
    """What is left to a person, in order."""
    folder = next((one.folder for one in units if one.folder), "")
    is_repo = bool(folder) and Path(folder, ".git").exists()
    if folder and not is_repo:
        yield f"-----> {folder} is not a git repo. Unless the app has one elsewhere:"
        yield from (f"       {line}" for line in _made_a_repo(Path(folder)))
    yield "-----> Next, in the app's repo:"
    lines = " ".join(map(shlex.quote, procfile))
    yield from (
        f"       {line}"
        for line in (
            *([f"cd {shlex.quote(folder)}"] if is_repo else []),
            f"printf '%s\\n' {lines} > Procfile",
            "git add Procfile && git commit -m 'Add a Procfile'",
            *to_paste(app),
            "git push production HEAD:main",
        )
    )
    yield from _data(app, folder)
    yield f"-----> When http://127.0.0.1 shows {app}, the old service can go:"
    for one in units:
        yield f"       sudo systemctl disable --now {one.unit}"
    yield "       its nginx site too, and then: pushdeploy domains:add DOMAIN"


def _made_a_repo(folder: Path) -> Iterator[str]:
    """How code that was copied becomes a repo, without what does not belong into one."""
    yield f"cd {shlex.quote(str(folder))} && git init --initial-branch=main"
    venv = next((one for one in VENVS if (folder / one / "pyvenv.cfg").exists()), None)
    left_out = [f"{one}/" for one in (venv, *FOLDERS) if one and (folder / one).is_dir()]
    left_out += [path.name for one in (".env", *FILES) for path in sorted(folder.glob(one))]
    for name in (*left_out, "__pycache__/"):
        yield f"echo {shlex.quote(name)} >> .gitignore"
    if venv and not any((folder / one).exists() for one in LISTS):
        yield f"{venv}/bin/pip freeze > requirements.txt"
    yield "git add --all && git commit -m 'The app as it is'"


def _data(app: str, folder: str) -> Iterator[str]:
    """What the app has written beside its code, and how it comes along."""
    place = Path(folder or "/nonexistent")
    folders = [name for name in FOLDERS if (place / name).is_dir()]
    if folders:
        yield "-----> What the app has written comes along by:"
        yield from (f"       pushdeploy storage:add {name} --app {app}" for name in folders)
        sources = " ".join(shlex.quote(f"{folder}/{name}") for name in folders)
        yield f"       sudo cp -r {sources} {layout().app(app).shared}"
        yield f"       sudo pushdeploy reconcile --app {app}"
    for pattern in FILES:
        for path in sorted(place.glob(pattern)):
            yield f" !     {path.name} lies in the code, which no release can write to:"
            yield "       move it to a folder such as instance/, and point the app there"
