"""What a job runs and how it ended, by files: systemd would change the one and lose the other.

A unit's command line is no place for words that are not ours: systemd expands `$X`, `${X}` and
`%n` in it, everybody can read it (`systemctl show`), and the journal keeps it. So the unit runs a
fixed shell that becomes the words of a file that the job's user alone can read. And systemd counts
a main process that TERM, HUP, INT or PIPE killed as a success, so a second fixed shell notes what
PID 1 saw: nothing that the job does can forge that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system.locks import is_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

JOBS = Path("/run/pushdeploy/.jobs")
"""Root's, on a tmpfs: `<unit>` has the words, `<unit>.private` more of the environment,
`<unit>.ended` how it ended. No app has that name."""

ENDED = ".ended"

PRIVATE = ".private"

BECOME = (
    "/bin/bash",
    "--norc",
    "-c",
    'mapfile -d "" -t words <"$1" && exec -- "${words[@]}"',
    "job",
)
"""Then the file; bash keeps bytes that are not text, and empty words."""

NOTE = ("/bin/sh", "-c", 'echo "$EXIT_CODE $EXIT_STATUS" >"$1"', "job")
"""Then the file; the two variables are systemd's for `ExecStopPost=` (systemd.exec(5))."""

_ENDED = re.compile(r"(exited|killed|dumped) ([A-Z0-9+-]+)\n")
_REAL_TIME = re.compile(r"RT(MIN|MAX)([+-][0-9]+)?")


def words_of(unit: str, jobs: Path = JOBS) -> Path:
    """The file with the words of the unit's job, each ended by a NUL."""
    return jobs / unit


def ended_of(unit: str, jobs: Path = JOBS) -> Path:
    """The file that says how the unit's main process ended: `exited 7`, `killed TERM`."""
    return jobs / f"{unit}{ENDED}"


def private_of(unit: str, jobs: Path = JOBS) -> Path:
    """The file with what of the job's environment nobody else may see, each ended by a NUL."""
    return jobs / f"{unit}{PRIVATE}"


@contextlib.contextmanager
def written(
    unit: str,
    words: Sequence[str],
    user: str,
    jobs: Path = JOBS,
    *,
    private: Sequence[tuple[str, str]] = (),
) -> Iterator[None]:
    """Keep the words where the user can read them while the job runs, then delete its files.

    The file is locked as long as its engine lives, so that `sweep` leaves it alone.
    """
    jobs.mkdir(mode=0o711, parents=True, exist_ok=True)
    _delete(unit, jobs)
    owner = pwd.getpwnam(user).pw_uid
    descriptor = _create(words_of(unit, jobs))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _fill(descriptor, owner, words)
        if private:
            inside = _create(private_of(unit, jobs))
            try:
                _fill(inside, owner, [f"{name}={value}" for name, value in private])
            finally:
                os.close(inside)
        yield
    finally:
        _delete(unit, jobs)
        os.close(descriptor)


def _create(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o400)


def _fill(descriptor: int, owner: int, words: Sequence[str]) -> None:
    os.fchown(descriptor, owner, -1)
    data = b"".join(os.fsencode(word) + b"\0" for word in words)
    while data:
        data = data[os.write(descriptor, data) :]


def status(unit: str, otherwise: int, jobs: Path = JOBS) -> int:
    """The job's exit status, 128 + N for signal N; `otherwise` when it never began."""
    try:
        text = ended_of(unit, jobs).read_text()
    except FileNotFoundError:
        return otherwise
    return parse_ended(text, otherwise)


def parse_ended(text: str, otherwise: int) -> int:
    """The exit status in what `NOTE` wrote: `exited 7`, `killed TERM`, `dumped RTMIN+3`."""
    found = _ENDED.fullmatch(text)
    if found is None:
        return otherwise
    if found[1] == "exited":
        return int(found[2]) if found[2].isdigit() else otherwise
    number = _signal(found[2])
    return otherwise if number is None else 128 + number


def sweep(pattern: str, runs: Callable[[str], bool], jobs: Path = JOBS) -> None:
    """Delete the files of jobs whose engine was killed and whose unit runs no more."""
    for path in jobs.glob(pattern):
        unit = path.name.removesuffix(ENDED).removesuffix(PRIVATE)
        if not is_held(words_of(unit, jobs)) and not runs(unit):
            _delete(unit, jobs)


def _signal(name: str) -> int | None:
    """`TERM`, `RTMIN`, `RTMIN+3`, or a number where systemd knows no name."""
    if name.isdigit():
        return int(name)
    real_time = _REAL_TIME.fullmatch(name)
    if real_time is not None:
        return signal.Signals[f"SIGRT{real_time[1]}"] + int(real_time[2] or 0)
    try:
        return signal.Signals[f"SIG{name}"]
    except KeyError:
        return None


def _delete(unit: str, jobs: Path) -> None:
    words_of(unit, jobs).unlink(missing_ok=True)
    ended_of(unit, jobs).unlink(missing_ok=True)
    private_of(unit, jobs).unlink(missing_ok=True)
