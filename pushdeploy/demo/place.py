"""The demo's one folder: a server, a laptop, and what a person does there."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from pushdeploy.cli import style
from pushdeploy.cli.embedded_scripts import EmbeddedScripts
from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.demo.blog import Blog
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.layout import Layout, embedded
from pushdeploy.model.settings import FIRST_PORT, LAST_PORT
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import command, processes
from pushdeploy.system.command import Command
from pushdeploy.system.http import Answer, NoAnswerError, get
from pushdeploy.system.short_folder import short_folder
from pushdeploy.system.supervisord import Supervisord

APP = "blog"
OK = 200
ANSWER_SECONDS = 20.0
COMMAND_SECONDS = 120.0


class DemoFailedError(PushdeployError):
    """A step did not hold."""


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo's folder."""

    folder: Path
    checkout: Path

    @property
    def root(self) -> Path:
        """What would be the server."""
        return self.folder / "server"

    @property
    def layout(self) -> Layout:
        """The server's folders."""
        return embedded(self.root, short_folder(self.root))

    @property
    def scripts(self) -> EmbeddedScripts:
        """The server's programs."""
        return EmbeddedScripts(self.root)

    @property
    def blog(self) -> Blog:
        """What would be on the laptop."""
        return Blog(self.folder / APP)

    def exists(self) -> bool:
        """True when an earlier demo made the app."""
        return self.layout.app(APP).settings.exists()

    @property
    def port(self) -> int:
        """Where the blog answers."""
        return AppRecords(self.layout.app(APP)).settings().port


def say(text: str) -> None:
    """What is done next."""
    click.echo(f"{style.STEP}{text}")


def detail(text: str) -> None:
    """More about it."""
    click.echo(f"{style.DETAIL}{text}")


def result(text: str) -> None:
    """A plain sentence with its evidence."""
    for line in style.wrapped(style.RESULT, text):
        click.echo(line)
    click.echo()


def set_up(this: Demo, port: int) -> None:
    """A server in a folder, and a repo with a remote that is this server."""
    say(f"Setting up in {this.folder}")
    this.scripts.write(Path(sys.executable))
    if this.exists():
        detail(f"There is a demo here already; {APP} keeps port {this.port}.")
        pushdeploy(this, "reconcile", "--app", APP)
    else:
        _create_app(this, _free_port(port))
    if not this.blog.exists():
        detail("Creating a git repo of examples/blog in blog/")
        this.blog.create(this.checkout / "examples" / "blog")
    this.blog.set_remote(this.scripts.remote(APP))


def _create_app(this: Demo, port: int) -> None:
    """The first push would do it too, but then the port could not be chosen."""
    detail(f"The {APP} will answer on port {port}")
    create = ["apps:create", APP, "--port", str(port)]
    command.run(Command([str(this.scripts.pushdeploy), *create]), seconds=COMMAND_SECONDS)


def push(this: Demo) -> int:
    """Push and show what git shows."""
    click.echo("\n$ git push production main")
    status = this.blog.push(lambda line: click.echo(f"  {line.rstrip()}"))
    click.echo(f"  (exit status {status})\n")
    return status


def pushdeploy(this: Demo, *words: str) -> None:
    """Run a command of ours as a person would, and show it.

    Raises:
        DemoFailedError: it failed.
    """
    click.echo(f"\n$ pushdeploy {shlex.join(words)}")
    line = Command([str(this.scripts.pushdeploy), *words])
    status = command.stream(line, lambda text: click.echo(f"  {text}"), seconds=COMMAND_SECONDS)
    click.echo()
    if status != 0:
        raise DemoFailedError(f"`pushdeploy {shlex.join(words)}` ended with status {status}")


def visit(this: Demo) -> Answer:
    """Ask for the page through the front's port.

    Raises:
        DemoFailedError: there is no answer, or no good one.
    """
    try:
        answer = get(this.port, "/", host="localhost", seconds=ANSWER_SECONDS)
    except NoAnswerError as error:
        raise DemoFailedError(f"http://127.0.0.1:{this.port}/ does not answer: {error}") from error
    if answer.status != OK:
        raise DemoFailedError(f"http://127.0.0.1:{this.port}/ answered {answer.status}")
    return answer


def remove(this: Demo) -> None:
    """Stop everything and delete the folder."""
    say(f"Stopping everything and removing {this.folder}")
    stop(this)
    shutil.rmtree(this.folder, ignore_errors=True)
    if this.folder.exists() and any(this.folder.iterdir()):
        raise DemoFailedError(
            f"`{this.folder}` could not be removed", hint=f"rm -r {shlex.quote(str(this.folder))}"
        )
    detail("Done")


def stop(this: Demo) -> None:
    """End all processes of the demo; what lies on disk stays."""
    processes.kill_marked(HOME_VARIABLE, str(this.root))
    supervisor = Supervisord(this.layout, Path(sys.executable))
    supervisor.stop_jobs(APP)
    supervisor.shut_down()
    shutil.rmtree(this.layout.run, ignore_errors=True)


def start_over(this: Demo) -> None:
    """Stop and delete what an earlier demo left, but the tool."""
    stop(this)
    for folder in (this.root, this.blog.folder):
        shutil.rmtree(folder, ignore_errors=True)


def _free_port(wanted: int) -> int:
    """The port, or the next free one; says who has it."""
    if wanted < processes.lowest_port():
        raise UsageError(
            f"port {wanted}can be opened only by root",
            hint=f"./installer.sh demo --port {FIRST_PORT}",
        )
    for port in range(wanted, min(wanted + LAST_PORT - FIRST_PORT, 65_535) + 1):
        holder = processes.port_holder(port)
        if holder is None:
            return port
        process = f", process {holder.pid}, user {holder.user}" if holder.pid else ""
        detail(f"Port {port} is taken by {holder.name}{process}; trying {port + 1}.")
    raise UsageError(f"no port from {wanted} on is free", hint="./installer.sh demo --port 9000")
