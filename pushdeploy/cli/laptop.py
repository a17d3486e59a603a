"""The laptop's way to the server: the same command, over ssh, to where a git remote points."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.cli.invocation import PROGRAM
from pushdeploy.engine.registry import App
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError
from pushdeploy.model.account import GIT_USER
from pushdeploy.model.remote import PRODUCTION, Remote, parse_remote
from pushdeploy.system.command import Command, feed
from pushdeploy.system.command import replace as become

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushdeploy.cli.invocation import Invocation, Prepare
    from pushdeploy.system.git import PushRemote, PushRemotes

ADD = f"git remote add {PRODUCTION} {GIT_USER}@HOST:APP"
"""What to type in a checkout that has no remote."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """An app of embedded mode: its repo is `ROOT/apps/APP/repo.git`, on this machine."""

    root: Path
    app: str


Location = Remote | Embedded


@dataclass(frozen=True, slots=True)
class Server:
    """A server that a git remote names."""

    remote: Remote
    ssh_command: str | None

    def command(self, *typed: str) -> Command:
        """One of ours there, as it is typed without `pushdeploy`; nobody is at a terminal."""
        return _on(self.remote, self.ssh_command, typed)


def server(remote_name: str | None) -> Server:
    """The one that is meant.

    Raises:
        NotFoundError: no remote of this checkout names a server of ours.
        UsageError: several do; or it is a folder of this machine.
    """
    remotes = _read_remotes()
    location = chosen(remotes.remotes, remote_name)
    if isinstance(location, Embedded):
        raise UsageError(
            f"`{location.app}` is in a folder of this machine, not on a server", hint=ADD
        )
    return Server(location, remotes.ssh_command)


def send(
    app: App, prepare: Prepare, invocation: Invocation, remote_name: str | None, root: click.Context
) -> int:
    """Carry a command out where the remote points; returns its exit status.

    Raises:
        NotFoundError: no remote of this checkout names a server of ours.
        UsageError: several do.
    """
    remotes = _read_remotes()
    location = chosen(remotes.remotes, remote_name)
    if app is App.NEEDED and not invocation.parameters.get("app"):
        invocation = replace(invocation, parameters={**invocation.parameters, "app": location.app})
    if isinstance(location, Embedded):
        return _beside(location, invocation, root)
    return _over_ssh(location, remotes.ssh_command, prepare(invocation), root)


def chosen(remotes: Sequence[PushRemote], name: str | None) -> Location:
    """The location that is meant: the remote of that name, else `production`, else the only one.

    Raises:
        NotFoundError: no remote names a server of ours.
        UsageError: several do, and none is called `production`.
    """
    locations = {one.name: location for one in remotes if (location := _location(one)) is not None}
    if name is not None:
        if name not in locations:
            raise NotFoundError(f"no git remote `{name}` names a server of pushdeploy", hint=ADD)
        return locations[name]
    if PRODUCTION in locations:
        return locations[PRODUCTION]
    ours = {name: location for name, location in locations.items() if _surely_ours(location)}
    if len(ours) > 1:
        first = next(iter(ours))
        raise UsageError(
            f"which server? There are several git remotes: {', '.join(ours)}",
            hint=f"add --remote {first}",
        )
    if not ours:
        raise NotFoundError("no git remote of this checkout names a server", hint=ADD)
    return next(iter(ours.values()))


def words(invocation: Invocation, root: click.Context) -> list[str]:
    """The command as it is typed on the server; `root` is of the group with all commands."""
    group = root.command
    command = group.get_command(root, invocation.name) if isinstance(group, click.Group) else None
    options: list[str] = []
    arguments: list[str] = []
    for parameter in command.params if command else ():
        value = invocation.parameters.get(parameter.name or "")
        if value is None or value is False or value == ():
            continue
        values = value if isinstance(value, tuple) else (value,)
        if not isinstance(parameter, click.Option):
            arguments += map(str, values)
        elif value is True:
            options.append(parameter.opts[-1])
        else:
            options += [word for one in values for word in (parameter.opts[-1], str(one))]
    end = ["--"] if any(word.startswith("-") and word != "-" for word in arguments) else []
    return [invocation.name, *options, *end, *arguments]


def _read_remotes() -> PushRemotes:
    try:
        from pushdeploy.system.git import push_remotes  # slow, and on laptops only
    except ImportError as error:
        raise UnavailableError("`git` is not installed", hint="install git") from error
    folder = Path.cwd()
    found = push_remotes(folder)
    if found is None:
        raise NotFoundError(
            f"`{folder}` is not in a git checkout, so no remote names a server",
            hint=f"cd to the app's checkout, or: ssh {GIT_USER}@HOST apps",
        )
    return found


def _location(remote: PushRemote) -> Location | None:
    if remote.receive_pack is None:
        return parse_remote(remote.url)
    repo = Path(remote.url.removeprefix("file://"))
    if repo.name != "repo.git" or repo.parents[1].name != "apps" or not repo.is_dir():
        return None
    return Embedded(repo.parents[2], repo.parent.name)


def _surely_ours(location: Location) -> bool:
    """`git@host:name` may be anybody's; it has to be called `production`, or be named."""
    return isinstance(location, Embedded) or location.user == GIT_USER


def _beside(location: Embedded, invocation: Invocation, root: click.Context) -> int:
    """Become the pushdeploy of that folder, or this one when it has none of its own."""
    program = location.root / "bin" / PROGRAM
    start = (
        [str(program)]
        if program.exists()
        else [sys.executable, "-m", "pushdeploy.programs.command_line"]
    )
    environment = {**os.environ, HOME_VARIABLE: str(location.root)}
    return _become(Command([*start, *words(invocation, root)], environment=environment))


def _over_ssh(
    remote: Remote, ssh_command: str | None, invocation: Invocation, root: click.Context
) -> int:
    command = _on(remote, ssh_command, words(invocation, root), terminal=invocation.terminal)
    return _become(command) if invocation.stdin is None else feed(command, invocation.stdin)


def _on(
    remote: Remote, ssh_command: str | None, typed: Sequence[str], *, terminal: bool = False
) -> Command:
    return Command(
        [
            *_ssh(os.environ, ssh_command),
            # Its only word at this level is that the connection was closed, after each command.
            *(["-t", "-o", "LogLevel=ERROR"] if terminal else []),
            *(["-p", str(remote.port)] if remote.port else []),
            remote.login,
            "--",
            shlex.join([PROGRAM, *typed]),  # so that hints are for who has it
        ]
    )


def _ssh(environment: Mapping[str, str], ssh_command: str | None) -> list[str]:
    """The ssh that git would take (git(1), GIT_SSH_COMMAND); never by a shell."""
    line = environment.get("GIT_SSH_COMMAND") or ssh_command
    if line:
        return shlex.split(line)
    return [environment.get("GIT_SSH") or "ssh"]


def _become(command: Command) -> int:
    sys.stdout.flush()
    become(command)
    return 0
