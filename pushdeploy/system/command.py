"""The one door to other programs: a command is a value, and one runner runs it."""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.system import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pushdeploy.model.job import Fed

OUTPUT_LIMIT = 1 << 20
"""Bytes of a program's output that are kept or handed on; the rest is read and dropped."""

MOST_LINES = 20_000
"""Lines of a program's output that are handed on; an empty one costs a record in a log, too."""

LINE_LIMIT = 64 << 10
"""Bytes without a line's end after which the line is ended."""

CHUNK = 64 << 10
LOOK_SECONDS = 0.1
"""How often a program that prints nothing is looked at: it may have ended."""
LEFT_SECONDS = 0.5
"""How often it is looked whether somebody still waits for a program."""

CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What our own programs are found on, whatever the caller's PATH was."""


PIPE = subprocess.PIPE
"""For `start`: a new pipe, whose other end the process has."""

Process = subprocess.Popen[bytes]
"""A program that was started."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and as whom and where it runs."""

    argv: Sequence[str]
    environment: Mapping[str, str] | None = None
    """The whole environment; `None` is ours."""
    folder: Path | None = None
    user: str | None = None
    """Run as this user with its own groups; `None` is ourselves. Needs root."""
    umask: int = -1
    stdin: str = ""
    pass_fds: tuple[int, ...] = field(default=())

    def __str__(self) -> str:
        """Quoted, as one would type it."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Output:
    """How a program ended and what it printed."""

    status: int
    stdout: str
    stderr: str


def run(command: Command, *, seconds: float = 60, limit: int = OUTPUT_LIMIT) -> Output:
    """Run to the end and keep the output, the last `limit` bytes of it.

    Raises:
        CommandFailedError: it exited with another status than 0, or ran longer than `seconds`.
        UnavailableError: there is no such program.
    """
    output = attempt(command, seconds=seconds, limit=limit)
    if output.status != 0:
        printed = (output.stderr or output.stdout).strip()
        last = printed.splitlines()[-1] if printed else "it printed nothing"
        raise CommandFailedError(
            f"`{command.argv[0]}` failed with status {output.status}: {last}",
            status=output.status,
            output=printed,
        )
    return output


def attempt(command: Command, *, seconds: float = 60, limit: int = OUTPUT_LIMIT) -> Output:
    """Run to the end; any exit status is an answer.

    Raises:
        CommandFailedError: it ran longer than `seconds` and was killed.
        UnavailableError: there is no such program.
    """
    data = command.stdin.encode(errors="surrogateescape")
    child = start(command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        outputs = bounded.collect(child, data, seconds=seconds, limit=limit)
    finally:
        stop(child, group=False)
    if outputs is None:
        raise too_long(command, seconds)
    return Output(child.returncode, text_of(outputs[0], limit), text_of(outputs[1], limit))


def stream(
    command: Command,
    on_line: Callable[[str], None],
    *,
    seconds: float,
    fed: Fed | None = None,
) -> int:
    """Run to the end and hand each line of output over as it comes; returns the exit status.

    Both streams are merged. After `OUTPUT_LIMIT` bytes or `MOST_LINES` lines the rest is dropped,
    and said to be. What is `fed` starts at once, and its stdin ends when that has returned.

    Raises:
        CommandFailedError: it ran longer than `seconds`; its whole process group was killed.
        UnavailableError: there is no such program.
    """
    stdin = subprocess.DEVNULL if fed is None else PIPE
    child = start(command, stdin=stdin, stdout=PIPE, stderr=subprocess.STDOUT, new_session=True)
    until = time.monotonic() + seconds
    try:
        if fed is not None:
            _feed(child, fed)
        for line in _capped(_lines(child, until)):
            on_line(line)
        return child.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise too_long(command, seconds) from None
    finally:
        stop(child)


def _feed(child: Process, fed: Fed) -> None:
    def go() -> None:
        with contextlib.suppress(BrokenPipeError):  # its exit status says more
            os.write(stdin.fileno(), b".")

    if child.stdin is not None:
        with child.stdin as stdin:
            fed(go)


def start(
    command: Command,
    *,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
    new_session: bool = False,
) -> Process:
    """Start a program and return at once.

    Raises:
        UnavailableError: there is no such program.
    """
    try:
        return subprocess.Popen(
            list(command.argv),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=command.environment,
            cwd=command.folder,
            user=command.user,
            group=_group(command.user),
            extra_groups=_groups(command.user),
            umask=command.umask,
            pass_fds=command.pass_fds,
            start_new_session=new_session,
        )
    except FileNotFoundError as error:
        raise _missing(command, error) from error


def wait(child: Process, left: Callable[[], bool], on_left: Callable[[], object]) -> int:
    """Wait for a program; `on_left` once, when whoever wanted it has left. Its exit status."""
    while True:
        try:
            return child.wait(LEFT_SECONDS)
        except subprocess.TimeoutExpired:
            if left():
                on_left()
                return child.wait()


def piped(source: Command, sink: Command) -> tuple[int, int]:
    """Run both to their ends, what the first prints being the second's stdin; their statuses.

    Raises:
        UnavailableError: there is no such program.
    """
    first = start(source, stdout=PIPE)
    try:
        second = start(sink, stdin=first.stdout.fileno() if first.stdout else None)
    except BaseException:
        stop(first, group=False)
        raise
    finally:
        if first.stdout:
            first.stdout.close()  # so that the first ends when the second has
    return first.wait(), second.wait()


def hang_up(child: Process) -> None:
    """HUP to a program that was started in a session of its own, and to all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGHUP)


def feed(command: Command, data: bytes) -> int:
    """Run to the end with `data` on stdin and our own stdout and stderr; returns the exit status.

    A program that ends without reading all of it is judged by its exit status alone.

    Raises:
        UnavailableError: there is no such program.
    """
    child = start(command, stdin=PIPE)
    child.communicate(data)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def replace(command: Command) -> None:
    """Become the program (execve(2)); does not return.

    Raises:
        UnavailableError: there is no such program.
    """
    environment = dict(os.environ if command.environment is None else command.environment)
    try:
        os.execvpe(command.argv[0], list(command.argv), environment)  # noqa: S606
    except FileNotFoundError as error:
        raise _missing(command, error) from error


def _lines(child: Process, until: float) -> Iterator[bytes]:
    """What it prints, until it ends: a child of its own may keep the pipe open for ever."""
    if child.stdout is None:
        return
    source = select.poll()
    source.register(child.stdout, select.POLLIN)
    rest = b""
    while time.monotonic() < until:
        if source.poll(LOOK_SECONDS * 1000):
            data = os.read(child.stdout.fileno(), CHUNK)
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > LINE_LIMIT:
                whole, rest = [*whole, rest], b""
            yield from whole
            if not data:
                break
        elif child.poll() is not None:
            break
    if rest:
        yield rest


def _capped(lines: Iterator[bytes]) -> Iterator[str]:
    left = OUTPUT_LIMIT
    for count, line in enumerate(lines):
        if left <= 0 or count >= MOST_LINES:
            most = f"{OUTPUT_LIMIT >> 20} MiB of output or {MOST_LINES:,} lines"
            yield f"(more than {most}: the rest is dropped)"
            break
        yield text_of(line).rstrip("\r")
        left -= len(line) + 1
    for _ in lines:
        pass


def stop(child: Process, *, group: bool = True) -> None:
    """Kill what has not ended, with the group of processes that it leads unless that is ours."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def text_of(raw: bytes, limit: int = OUTPUT_LIMIT) -> str:
    """The last `limit` bytes of what a program printed, whatever they are."""
    return raw[-limit:].decode(errors="replace")


def _group(user: str | None) -> int | None:
    if user is None:
        return None
    return pwd.getpwnam(user).pw_gid


def _groups(user: str | None) -> list[int] | None:
    group = _group(user)
    return None if user is None or group is None else os.getgrouplist(user, group)


def too_long(command: Command, seconds: float) -> CommandFailedError:
    """The error of a program that was ended."""
    return CommandFailedError(
        f"`{command.argv[0]}` did not finish within {seconds:.0f} s", status=124
    )


def _missing(command: Command, error: FileNotFoundError) -> UnavailableError:
    name = error.filename or command.argv[0]
    return UnavailableError(
        f"`{name}` is not installed, and `{command}` needs it",
        hint=f"apt-get install {Path(str(name)).name}",
    )
