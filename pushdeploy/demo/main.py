"""`./installer.sh demo`: the whole path on one machine, under one folder, shown step by step."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy.cli import style
from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.demo.place import Demo, remove, result, set_up, start_over, stop
from pushdeploy.demo.steps import broken_version, first_push, roll_back, second_version
from pushdeploy.errors import INTERRUPTED, PushdeployError, UsageError
from pushdeploy.model.settings import FIRST_PORT

if TYPE_CHECKING:
    from types import FrameType

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
    """Set up, push, and leave it running; what ran before goes on whatever happens."""
    ran_before = this.exists()
    try:
        set_up(this, port)
        first_push(this)
    except BaseException:
        if not ran_before:
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
    result("Every step succeeded.")


def _words(this: Demo) -> dict[str, str]:
    return {
        "port": str(this.port),
        "blog": shlex.quote(str(this.blog.folder)),
        "pushdeploy": shlex.quote(str(this.scripts.pushdeploy)),
        "installer": shlex.quote(str(this.checkout / "installer.sh")),
        "folder": shlex.quote(str(this.folder)),
    }


def main() -> int:
    """Run; Ctrl-C and TERM leave nothing half-running."""
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ.pop(HOME_VARIABLE, None)
    try:
        demo.main(standalone_mode=False)
    except click.ClickException as error:
        for line in style.problem(error.format_message(), "./installer.sh demo --help"):
            click.echo(line, err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted: everything of the demo is stopped.", err=True)
        return INTERRUPTED
    except PushdeployError as error:
        for line in style.problem(error.message, error.hint):
            click.echo(line, err=True)
        return error.exit_code
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
