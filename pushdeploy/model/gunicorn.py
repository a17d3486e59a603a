"""Whether a command starts gunicorn, which takes its socket from the supervisor."""

from __future__ import annotations

import itertools
import re
import shlex

ONLY_NAME_IT = frozenset(
    {"alias", "cat", "echo", "grep", "kill", "killall", "pip", "pip3", "pkill", "printf", "rm"}
)
"""Programs that take `gunicorn` as plain text."""
OTHER_SERVERS = frozenset(
    {
        "bjoern",
        "celery",
        "daphne",
        "flask",
        "granian",
        "hypercorn",
        "node",
        "uvicorn",
        "uwsgi",
        "waitress-serve",
    }
)
"""Programs that serve by themselves: `uvicorn main:app --log-name gunicorn` is not gunicorn."""
SHELLS = frozenset({"bash", "dash", "sh"})
"""Programs whose `-c` argument is a command again."""

_OPERATOR = re.compile(r"[();<>|&\n]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_COMMAND_OPTION = re.compile(r"-[a-z]*c")
_ANYWHERE = re.compile(r"(?:^|[\s;&|(/])gunicorn(?=$|[\s;&|)])")


def mentions_gunicorn(command: str) -> bool:
    """Whether the command starts gunicorn, as far as can be seen without running it.

    The command is cut into the simple commands of the shell. One of them starts gunicorn when a
    word of it is `gunicorn`, a path that ends in `/gunicorn`, or `-m gunicorn`: also behind any
    wrapper (`exec`, `env A=1`, `uv run`, `opentelemetry-instrument`), because wrappers are many.
    It does not when its program is another server or one that only takes text (`echo`). `-c` of a
    shell is looked into. A name made by the shell (`$SERVER app:app`) or hidden in a script is not
    seen: `app.json` has the last word (`"pushdeploy": {"web": "socket"}`).
    """
    try:
        words = _words(command)
    except ValueError:  # an apostrophe in a comment, or `$'…'`: no reason to read it as no gunicorn
        return bool(_ANYWHERE.search(command.partition(" #")[0]))
    simple: list[str] = []
    for word in [*words, ";"]:
        if word.startswith("#"):
            return _starts_gunicorn(simple)
        if not _OPERATOR.fullmatch(word):
            simple.append(word)
            continue
        if _starts_gunicorn(simple):
            return True
        simple = []
    return False


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.commenters = ""  # shlex would also end a word at a `#` inside it
    lexer.whitespace_split = True
    return list(lexer)


def _starts_gunicorn(words: list[str]) -> bool:
    words = list(itertools.dropwhile(_ASSIGNMENT.fullmatch, words))
    programs = [_program(word) for word in words]
    if not programs or programs[0] in ONLY_NAME_IT:
        return False
    for position, program in enumerate(programs):
        if program == "gunicorn":
            return True
        if program in OTHER_SERVERS:
            return False
        if program in SHELLS:
            return _shell_starts_gunicorn(words[position + 1 :])
    return False


def _shell_starts_gunicorn(arguments: list[str]) -> bool:
    for option, command in itertools.pairwise(arguments):
        if _COMMAND_OPTION.fullmatch(option):
            return mentions_gunicorn(command)
    return False


def _program(word: str) -> str:
    if word in {"-mgunicorn", "gunicorn.app.wsgiapp"}:
        return "gunicorn"
    return word.rpartition("/")[2]
