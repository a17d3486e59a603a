"""How many files a reader opens who follows `config:set` from the command line to its effect.

Counted by running it, over the real engine and a machine of fakes: every module of pushdeploy in
which a function is entered. `python -m tests.count_files` prints them, and what is entered.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import defaultdict
from inspect import CO_OPTIMIZED
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pushdeploy
from pushdeploy.cli.runner import status_of
from pushdeploy.cli.target import Local
from tests.cli.real_engine import RealEngine
from tests.deploy.machine import APP, make_machine

if TYPE_CHECKING:
    from types import FrameType

PACKAGE = Path(pushdeploy.__file__).parent

EMBEDDED = ("system/accounts_embedded.py", "system/embedded_tools.py", "system/short_folder.py")
"""Stand for a server's tools here as the fakes do, and do not count."""

WORDS = ("config:set", "NAME=value", "--app", APP)


def entered(words: tuple[str, ...] = WORDS) -> dict[str, dict[str, None]]:
    """The functions that are entered while a command runs, in order, by file."""
    found: dict[str, dict[str, None]] = defaultdict(dict)

    def note(frame: FrameType, what: str, _: Any) -> None:
        code = frame.f_code
        path = Path(code.co_filename)
        function = code.co_flags & CO_OPTIMIZED and code.co_name[0] != "<"  # no class, no import
        if what == "call" and function and path.is_relative_to(PACKAGE):
            found[path.relative_to(PACKAGE).as_posix()][code.co_name] = None

    folder = Path(tempfile.mkdtemp(prefix="pd-"))
    machine = make_machine(folder / "state", folder / "run")
    try:
        machine.push("one", "web: gunicorn app:app\nworker: python worker.py\n")
        target = Local(RealEngine(machine), now=machine.now)
        sys.setprofile(note)
        try:
            status = status_of(list(words), lambda: target)
        finally:
            sys.setprofile(None)
        if status:
            raise SystemExit(f"{' '.join(words)} ended with {status}")
    finally:
        machine.supervisor.close()
        shutil.rmtree(folder)
    return {file: names for file, names in found.items() if file not in EMBEDDED}


if __name__ == "__main__":
    for file, names in sorted(entered(tuple(sys.argv[1:]) or WORDS).items()):
        sys.stdout.write(f"{file} {' '.join(names)}\n")
