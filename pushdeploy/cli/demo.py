"""`./installer.sh demo`: the whole path on one machine, under one folder, shown step by step."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy.cli import words
from pushdeploy.cli.demo_blog import (
    BROKEN_VERSION,
    SECOND_VERSION,
    Blog,
    release_of,
    title_of,
)
from pushdeploy.cli.demo_visitors import OK, Visitors
from pushdeploy.cli.embedded_scripts import EmbeddedScripts
from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.deploy.journal import Journal
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.layout import Layout, embedded
from pushdeploy.model.settings import FIRST_PORT, LAST_PORT
from pushdeploy.system import command, processes
from pushdeploy.system.command import Command
from pushdeploy.system.http import Answer, NoAnswerError, get
from pushdeploy.system.short_folder import short_folder
from pushdeploy.system.supervisord import Supervisord

if TYPE_CHECKING:
    from types import FrameType

APP = "blog"
INTERRUPTED = 130
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

    @property
    def port(self) -> int:
        """Where the blog answers."""
        return Journal(self.layout.app(APP)).settings().port


def say(text: str) -> None:
    """What is done next."""
    click.echo(f"{words.STEP}{text}")


def detail(text: str) -> None:
    """More about it."""
    click.echo(f"{words.DETAIL}{text}")


def result(text: str) -> None:
    """A plain sentence with its evidence."""
    for line in words.wrapped(words.RESULT, text):
        click.echo(line)
    click.echo()


@click.command("demo", context_settings={"max_content_width": 88})
@click.option("--checkout", type=click.Path(path_type=Path), required=True, hidden=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=FIRST_PORT)
@click.option("--once", is_flag=True)
@click.option("--stop", "stop_it", is_flag=True)
def demo(checkout: Path, folder: Path, port: int, once: bool, stop_it: bool) -> None:
    """Show pushdeploy on this machine."""
    this = Demo(folder.absolute(), checkout.absolute())
    if stop_it and once:
        raise UsageError("`--once` and `--stop` exclude each other")
    if stop_it:
        remove(this)
    elif once:
        show_all(this, port)
    else:
        show(this, port)


def show(this: Demo, port: int) -> None:
    """Set up, push, and leave it running."""
    try:
        set_up(this, port)
        first_push(this)
    except BaseException:
        stop(this)
        raise
    this.blog.name_a_committer()
    click.echo(NEXT.format(**_words(this)))


def show_all(this: Demo, port: int) -> None:
    """Set up, push, update, break, roll back; whatever happens, nothing is left."""
    if this.blog.has_work_of_others():
        raise UsageError(
            f"`{this.blog.folder}` has changes that the demo did not make",
            hint="./installer.sh demo --once --dir ANOTHER",
        )
    try:
        start_over(this)
        set_up(this, port)
        first_push(this)
        second_version(this)
        broken_version(this)
        roll_back(this)
    finally:
        remove(this)
    result("Every step held.")


def start_over(this: Demo) -> None:
    """Stop and delete what an earlier demo left, but the tool."""
    stop(this)
    for folder in (this.root, this.blog.folder):
        shutil.rmtree(folder, ignore_errors=True)


def set_up(this: Demo, port: int) -> None:
    """A server in a folder, and a repo with a remote that is this server."""
    say(f"Setting up in {this.folder}")
    this.scripts.write(Path(sys.executable))
    known = this.layout.app(APP).settings.exists()
    if known:
        detail(f"There is a demo here already; {APP} keeps port {this.port}.")
        pushdeploy(this, "reconcile", "--app", APP)
    else:
        _create_app(this, _free_port(port))
    if not this.blog.exists():
        detail("Making a git repo of examples/blog in blog/")
        this.blog.create(this.checkout / "examples" / "blog")
    this.blog.set_remote(this.scripts.remote(APP))


def _create_app(this: Demo, port: int) -> None:
    """The first push would do it too, but then the port could not be chosen."""
    detail(f"The {APP} will answer on port {port}")
    create = ["apps:create", APP, "--port", str(port)]
    command.run(Command([str(this.scripts.pushdeploy), *create]), seconds=COMMAND_SECONDS)


def first_push(this: Demo) -> None:
    """The first deploy; on a second run there may be nothing new."""
    status = push(this)
    if status != 0:
        raise DemoFailedError(f"`git push` ended with status {status}")
    page = visit(this)
    result(
        f"http://127.0.0.1:{this.port}/ answers {page.status}: "
        f"“{title_of(page.body)}”, made by release {release_of(page.body)}."
    )


def second_version(this: Demo) -> None:
    """A change goes live while people read."""
    say("Changing the title, while 4 visitors ask for the page all the time")
    before = release_of(visit(this).body)
    this.blog.change(SECOND_VERSION)
    with Visitors(this.port) as visitors:
        visitors.wait_for(before, ANSWER_SECONDS)
        status = push(this)
        page = visit(this)
        after = release_of(page.body)
        visitors.wait_for(after, ANSWER_SECONDS)
    if status != 0:
        raise DemoFailedError(f"`git push` ended with status {status}")
    _must_have_held(visitors, before, after)
    result(
        f"{visitors.total:,} requests, 0 failed: {visitors.answers[before]:,} were answered by "
        f"{before}, {visitors.answers[after]:,} by {after}; the slowest took "
        f"{visitors.slowest * 1000:.0f} ms. The title is “{title_of(page.body)}” now."
    )


def broken_version(this: Demo) -> None:
    """A version that can't start never goes live."""
    say("Breaking the app: it will import a function that is not there")
    before = release_of(visit(this).body)
    this.blog.change(BROKEN_VERSION)
    status = push(this)
    page = visit(this)
    if status == 0:
        raise DemoFailedError("`git push` of the broken version ended with status 0")
    if release_of(page.body) != before:
        raise DemoFailedError(f"{release_of(page.body)} answers, not {before}")
    result(
        f"git push ended with status {status}: the broken version was refused. "
        f"{before} answers {page.status} as before: “{title_of(page.body)}”."
    )


def roll_back(this: Demo) -> None:
    """Back to the first version, while people read."""
    say("Going back to the version before, while the visitors ask again")
    before = release_of(visit(this).body)
    with Visitors(this.port) as visitors:
        visitors.wait_for(before, ANSWER_SECONDS)
        began = time.monotonic()
        pushdeploy(this, "rollback", "--app", APP)
        seconds = time.monotonic() - began
        page = visit(this)
        after = release_of(page.body)
        visitors.wait_for(after, ANSWER_SECONDS)
    _must_have_held(visitors, before, after)
    result(
        f"{after} answered {visitors.first_seen[after] - began:.2f} s after Enter, and the whole "
        f"command took {seconds:.2f} s: new workers are watched for 3 s. {visitors.total:,} "
        f"requests, 0 failed. The title is “{title_of(page.body)}” again."
    )


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


def _must_have_held(visitors: Visitors, before: str, after: str) -> None:
    """A switch lost nothing.

    Raises:
        DemoFailedError: it did, or there was none.
    """
    if after == before or not visitors.answers[after]:
        raise DemoFailedError(f"{before} still answers")
    if visitors.failures:
        raise DemoFailedError(
            f"{len(visitors.failures)} of {visitors.total} requests failed: "
            f"{', '.join(sorted(set(visitors.failures))[:3])}"
        )


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


def _free_port(wanted: int) -> int:
    """The port, or the next free one; says who has it."""
    for port in range(wanted, min(wanted + LAST_PORT - FIRST_PORT, 65_535) + 1):
        holder = processes.port_holder(port)
        if holder is None:
            return port
        process = f", process {holder.pid}, user {holder.user}" if holder.pid else ""
        detail(f"Port {port} is taken by {holder.name}{process}; trying {port + 1}.")
    raise UsageError(f"no port from {wanted} on is free", hint="./installer.sh demo --port 9000")


def _words(this: Demo) -> dict[str, str]:
    return {
        "port": str(this.port),
        "blog": shlex.quote(str(this.blog.folder)),
        "pushdeploy": shlex.quote(str(this.scripts.pushdeploy)),
        "installer": shlex.quote(str(this.checkout / "installer.sh")),
        "folder": shlex.quote(str(this.folder)),
    }


NEXT = """\
It keeps running. Try:

  cd {blog}
  sed -i 's/Field notes/My notes/' templates/*.html
  git commit -am 'Rename it' && git push production main

  {pushdeploy} rollback
  {pushdeploy} releases
  {pushdeploy} ps

Open http://127.0.0.1:{port}/

To stop it and remove its folder:
  {installer} demo --stop --dir {folder}
"""


def main() -> int:
    """Run; Ctrl-C and TERM leave nothing half-running."""
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ.pop(HOME_VARIABLE, None)
    try:
        demo.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted: everything of the demo is stopped.", err=True)
        return INTERRUPTED
    except PushdeployError as error:
        for line in words.problem(error.message, error.hint):
            click.echo(line, err=True)
        return error.exit_code
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
