"""`uv run`, `poetry run` and their like before a command: what a release does without.

The venv's programs come first on `PATH` anyway, and such a tool would want to change the venv.
"""

from __future__ import annotations

import re

_FLAGS = (
    r"-q|-v|--(?:active|all-extras|all-groups|exact|frozen|isolated|locked|no-cache|no-default-groups"
    r"|no-dev|no-progress|no-sync|offline|quiet|verbose)"
)
_VALUED = r"(?:-p|--(?:extra|group|no-group|only-group|package|python))"
_WORD = r"[A-Za-z0-9_./:@=+-]{1,200}"

_RUNNER = re.compile(
    r"(?P<before>^|&&|;|\|\||\bexec|\bthen|\bdo)(?P<gap>[ \t]{0,20})"
    rf"(?:uv[ \t]+run(?:[ \t]+(?:{_FLAGS}|{_VALUED}[ \t=]+{_WORD})(?=[ \t])){{0,20}}"
    r"|(?:poetry|pdm|pipenv|hatch|rye)[ \t]+run)"
    rf"[ \t]+(?:--[ \t]+)?(?P<first>{_WORD})(?=[ \t;&|]|$)"
)


def without_runner(command: str) -> str:
    """The command as the venv alone runs it.

    `uv run gunicorn app:app` is `gunicorn app:app`, `uv run app.py` is `python app.py`, and
    `uv run -m app` is `python -m app`. Where more is said that has a meaning of its own
    (`--with`, `--env-file`), all stays as it is.
    """
    return _RUNNER.sub(_plain, command)


def _plain(match: re.Match[str]) -> str:
    first = match["first"]
    if first.startswith("-") and first not in {"-m", "--module"}:
        return match[0]
    if first == "--module":
        first = "-m"
    python = "python " if first == "-m" or first.endswith(".py") else ""
    return f"{match['before']}{match['gap']}{python}{first}"
