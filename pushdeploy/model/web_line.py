"""Whether what the web line of a Procfile names is there, by what its server printed."""

from __future__ import annotations

import re

from pushdeploy.model.web_server import SERVERS

_MISSING = re.compile(
    r"(?:^|: )(?P<program>[\w./+-]{1,200}): (?:command )?not found$"
    r"|\bNo module named '?(?P<module>[\w.]+)'?"
    r'|\bCould not import module "(?P<asgi>[\w.]+)"'
    r"|\bFailed to find attribute '(?P<object>\w+)' in '"
    r'|\bAttribute "(?P<attribute>\w+)" not found in module\b'
    r"|\bcan't open file '(?P<file>[^'\n]{1,4096})': \[Errno 2\]",
    re.MULTILINE,
)
"""What shells, Python, gunicorn and uvicorn say of a program, a module, an object or a file."""
_OBJECTS = ("object", "attribute")
_WORD = re.compile(r"(?<![\w.:+-])[\w.+-]+")
_OBJECT = re.compile(r":(\w+)")


def advice(command: str, output: str) -> str | None:
    """What to do about a line that names what is not there; an import in the code is not meant.

    Args:
        command: the web line, such as `gunicorn app:app`.
        output: what it printed.
    """
    words = set(_WORD.findall(command))
    words |= {word.partition(".")[0] for word in words}
    objects = set(_OBJECT.findall(command))
    for found in _MISSING.finditer(output):
        name = found[found.lastgroup or 0].rpartition("/")[2]
        if name in SERVERS and name in words:
            return f"add {name} to requirements.txt, commit, and push again"
        if name in (objects if found.lastgroup in _OBJECTS else words):
            return "fix the web line of the Procfile, commit, and push again"
    return None
