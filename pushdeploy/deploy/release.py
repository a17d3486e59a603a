"""Release: write `releases/vN` aside, sync it, rename it into place. Immutable from then on."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from pushdeploy.model.cron_job import HEARTBEAT, URL_VARIABLE
from pushdeploy.model.environment import Environment, render_shell
from pushdeploy.model.release import Release, render_release
from pushdeploy.model.runner import without_runner
from pushdeploy.records.app_records import RECORD, readers
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, create_all, delete_tree, sync_folder
from pushdeploy.system.unit_files import TOOL_PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout, ReleaseLayout

RUN = "run"
"""The start script of one-off commands."""

SCRIPT = """\
#!/bin/bash
# {title}
export PATH={venv}/bin:/usr/local/bin:/usr/bin:/bin
export LANG=C.UTF-8 PYTHONUNBUFFERED=1 FORWARDED_ALLOW_IPS='*'
export GIT_REV={commit} SOURCE_VERSION={commit} PUSHDEPLOY_APP={app} PUSHDEPLOY_RELEASE=v{number}
. {environment}
cd {code} || exit
{line}
"""
"""`exec` makes the app the main process, which is what gets the TERM.

gunicorn believes `X-Forwarded-Proto` from the addresses of `FORWARDED_ALLOW_IPS`; only nginx and
the front reach its socket.
"""

ONE_OFF = """\
if [ $# -eq 1 ]; then exec /bin/bash --norc -c -- "$1"; fi
exec -- "$@\""""
"""One word is a line for the shell, more are a program and its arguments, whatever they begin with.

Without `--norc` a bash whose stdin is a socket, as sshd's may be, reads the `.bashrc` of the app.
"""


def write_release(machine: Machine, release: Release, environment: Environment) -> None:
    """Put a release in place. Nothing starts and nothing that is live changes.

    Order: everything in `.new-N` synced, one rename, the folder synced. A power cut leaves the
    whole release or none.
    """
    place = machine.layout.app(release.app)
    group = machine.accounts.app_group(release.app)
    aside = place.new_release(release.number)
    delete_tree(aside.root)
    aside.root.mkdir(mode=0o711)  # nginx and the app pass through it and list nothing
    aside.starts.mkdir(mode=0o711)
    aside.code.symlink_to(f"../../slugs/{release.slug}")
    _link_built(aside, release)
    aside.venv.symlink_to(f"../../venvs/{release.venv}")
    aside.run.symlink_to(place.sockets(release.number))
    create_all(
        [
            File(aside.environment, render_shell(environment), 0o640, group),
            File(aside.record, render_release(release), RECORD, readers(place)),
            *(
                File(aside.start(name), text, 0o750, group)
                for name, text in _scripts(place, release)
            ),
        ]
    )
    reached(Point.RELEASE_WRITTEN)
    aside.root.rename(place.release(release.number).root)
    reached(Point.RELEASE_RENAMED)
    sync_folder(place.releases)


def _link_built(aside: ReleaseLayout, release: Release) -> None:
    """What build steps have made: where it is from, and what of it nginx serves."""
    if release.source:
        aside.source.symlink_to(f"../../slugs/{release.source}")
    if release.begun:
        aside.begun.symlink_to(f"../../slugs/{release.begun}")
    for mount in release.static:
        if mount.has_link:
            aside.public.mkdir(mode=0o711)
            link = aside.public / mount.url.strip("/")
            link.symlink_to(f"../../../slugs/{release.slug}/{mount.folder}")


def _scripts(place: AppLayout, release: Release) -> list[tuple[str, str]]:
    scripts = [
        (line.name, _script(place, release, line.name, _by_bash(line.command)))
        for line in release.procfile.lines
    ]
    for job in release.cron:
        named = release.procfile.get(job.command)
        line = _by_bash(named.command if named else job.command)
        scripts.append((job.script, _script(place, release, job.script, line)))
        if job.heartbeat:
            text = _script(place, release, job.heartbeat_script, _heartbeat(job.heartbeat))
            scripts.append((job.heartbeat_script, text))
    return [*scripts, (f".{RUN}", _script(place, release, "one-off command", ONE_OFF))]


def _heartbeat(url: str) -> str:
    """Told by our own program; a config var is read where all of them are."""
    name = url.strip("${}") if url.startswith("$") else ""
    value = f'"${{{name}-}}"' if name else shlex.quote(url)
    return f'export {URL_VARIABLE}={value}\nexec {TOOL_PYTHON} -I -m {HEARTBEAT} "$@"'


def _by_bash(command: str) -> str:
    return f"exec /bin/bash -c -- {shlex.quote(without_runner(command))}"


def _script(place: AppLayout, release: Release, what: str, line: str) -> str:
    final = place.release(release.number)
    return SCRIPT.format(
        title=f"{release.app} {release.name}: {what}",
        venv=shlex.quote(str(place.venvs / release.venv)),
        commit=release.commit.id,
        app=release.app,
        number=release.number,
        environment=shlex.quote(str(final.environment)),
        code=shlex.quote(str(place.slugs / release.slug)),
        line=line,
    )


def release_is_whole(place: AppLayout, number: int) -> bool:
    """True when all that the release names is there."""
    return place.release(number).record.is_file() and not lost_of(place, number)


def lost_of(place: AppLayout, number: int, process_types: Iterable[str] = ()) -> str:
    """What of a release is not on the disk: `its code`; empty when all is.

    Args:
        place: the app's folders.
        number: the release.
        process_types: those whose start scripts are looked at.
    """
    release = place.release(number)
    if not os.path.isdir(release.code):  # noqa: PTH112 - follows the link
        return "its code"
    if not release.venv_complete.exists():
        return "its venv"
    if not release.environment.is_file():
        return "its config vars"
    if not all(release.start(name).is_file() for name in process_types):
        return "a start script"
    return "" if release.run.is_symlink() else "the link to its socket"
