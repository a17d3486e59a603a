"""What runs as the build user: copies the code, and runs the build steps in the copy.

One argument, JSON: `source` (the slug), `code` (an empty folder), `steps` (each with `argv` and
`hook`), `without` (folders that are not kept, unless the slug has them). What the steps print
passes through; a line of ours begins each (`model/build_step.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from threading import Thread

from pushdeploy.build import source_copy
from pushdeploy.build.builder import ended
from pushdeploy.build.venv import end_bomb, explained
from pushdeploy.model.job import PRIVATE_VARIABLE
from pushdeploy.model.step_said import MARK
from pushdeploy.system import refused_forks

EXECUTABLE = 0o111


def main() -> int:
    """Run from the command line of a job."""
    plan = json.loads(sys.argv[1])
    os.umask(0o027)
    environment = read_private(dict(os.environ))
    _say({"begun": 0})  # the copy of a large tree takes a while
    source_copy.copy(plan["source"], plan["code"])
    os.chdir(plan["code"])
    before = refused_forks.hits()
    Thread(target=end_bomb, args=(lambda: refused_forks.hits().since(before),), daemon=True).start()
    for number, step in enumerate(plan["steps"]):
        if number:
            _say({"begun": number})
        if step["hook"]:
            _make_executable(Path(step["hook"]))
        try:
            status = ended(os.posix_spawn(step["argv"][0], step["argv"], environment))
        except OSError as error:
            sys.stderr.write(f"it did not start: {error}\n")
            status = 1
        if status != 0:
            return explained(status, refused_forks.hits().since(before))
    for name in plan["without"]:
        if not os.path.lexists(f"{plan['source']}/{name}"):
            shutil.rmtree(name, ignore_errors=True)
    return 0


def read_private(environment: dict[str, str]) -> dict[str, str]:
    """The environment with the private part that a file of the job has."""
    path = environment.pop(PRIVATE_VARIABLE, None)
    if path is None:
        return environment
    for pair in Path(path).read_bytes().split(b"\0")[:-1]:
        name, _, value = os.fsdecode(pair).partition("=")
        environment[name] = value
    return environment


def _say(record: dict[str, object]) -> None:
    sys.stdout.write(f"{MARK}{json.dumps(record)}\n")
    sys.stdout.flush()


def _make_executable(hook: Path) -> None:
    """As Heroku does; the tree may have come from a system without such a bit."""
    hook.chmod(hook.stat().st_mode & 0o777 | EXECUTABLE)


if __name__ == "__main__":
    sys.exit(main())
