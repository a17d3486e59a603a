"""Which web server a command starts, if it is one that takes its socket from the supervisor."""

from __future__ import annotations

import itertools
import re
import shlex

GUNICORN = "gunicorn"

SERVERS = {
    "gunicorn": GUNICORN,
    "gunicorn.app.wsgiapp": GUNICORN,
    "uvicorn": "uvicorn",
    "fastapi": "uvicorn",
    "hypercorn": "hypercorn",
    "granian": "granian",
    "daphne": "daphne",
    "waitress": "waitress",
    "waitress-serve": "waitress",
}
"""Programs and modules to the server that they are. gunicorn takes the socket by `LISTEN_FDS`
(sd_listen_fds(3)), the others as `templates/python/pushdeploy_socket.py` has them do."""

ONE_PROCESS = frozenset({"daphne", "waitress"})
"""Servers that never have more than one."""
BY_LINE_ALONE = frozenset({"granian", "hypercorn"})
"""Servers that know nothing of `WEB_CONCURRENCY`: one worker, or what `--workers` says."""

ONLY_NAME_IT = frozenset(
    {"alias", "cat", "echo", "grep", "kill", "killall", "pip", "pip3", "pkill", "printf", "rm"}
)
"""Programs that take a server's name as plain text."""
OTHER_PROGRAMS = frozenset({"bjoern", "celery", "flask", "node", "uwsgi"})
"""Programs that serve by themselves: what follows them is their own."""
SHELLS = frozenset({"bash", "dash", "sh"})
"""Programs whose `-c` argument is a command again."""

_OPERATOR = re.compile(r"[();<>|&\n]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_COMMAND_OPTION = re.compile(r"-[a-z]*c")
_WORKERS = re.compile(r"(?:^|\s)(?:-w\s*|--workers(?:\s+|=))['\"]?([0-9]{1,5})(?=['\"\s]|$)")
_SOME_WORKERS = re.compile(r"(?:^|\s)(?:-w|--workers)(?=[\s=$])")
"""Whatever number: the shell knows it, as in `--workers $WEB_CONCURRENCY`."""
_SCRIPT = re.compile(r"(?:^|[\s;&|(/])python[0-9.]{0,5}\s")
_ANYWHERE = re.compile(
    rf"(?:^|[\s;&|(/])({'|'.join(re.escape(name) for name in SERVERS)})(?=$|[\s;&|)])"
)


def web_server(command: str) -> str | None:
    """The server that the command starts, as far as can be seen without running it.

    The command is cut into the simple commands of the shell. One of them starts a server when a
    word of it is `gunicorn`, a path that ends in `/gunicorn`, or `-m gunicorn`: also behind any
    wrapper (`exec`, `env A=1`, `uv run`, `opentelemetry-instrument`), because wrappers are many;
    the first name counts. It does not when its program is one that serves by itself or only takes
    text (`echo`). `-c` of a shell is looked into. A name made by the shell (`$SERVER app:app`) or
    hidden in a script is not seen: `app.json` has the last word
    (`"pushdeploy": {"web": "socket"}`).
    """
    try:
        words = _words(command)
    except ValueError:  # an apostrophe in a comment, or `$'…'`: no reason to see no server
        found = _ANYWHERE.search(command.partition(" #")[0])
        return SERVERS[found[1]] if found else None
    simple: list[str] = []
    for word in [*words, ";"]:
        if word.startswith("#"):
            return _started(simple)
        if not _OPERATOR.fullmatch(word):
            simple.append(word)
            continue
        server = _started(simple)
        if server:
            return server
        simple = []
    return None


def runs_script(command: str) -> bool:
    """Whether Python runs a module of the app, which may start any server: `python main.py`."""
    return web_server(command) is None and bool(_SCRIPT.search(command))


def fixed_workers(command: str) -> int | None:
    """The number of workers that the command itself decides, whatever `WEB_CONCURRENCY` says."""
    server = web_server(command)
    if server in ONE_PROCESS:
        return 1
    found = _WORKERS.findall(command) if server else []
    if found:
        return int(found[-1])
    return 1 if server in BY_LINE_ALONE and not _SOME_WORKERS.search(command) else None


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.commenters = ""  # shlex would also end a word at a `#` inside it
    lexer.whitespace_split = True
    return list(lexer)


def _started(words: list[str]) -> str | None:
    """The server that one simple command starts."""
    words = list(itertools.dropwhile(_ASSIGNMENT.fullmatch, words))
    programs = [_program(word) for word in words]
    if not programs or programs[0] in ONLY_NAME_IT:
        return None
    for position, program in enumerate(programs):
        if program in SERVERS:
            return SERVERS[program]
        if program in OTHER_PROGRAMS:
            return None
        if program in SHELLS:
            return _started_by_shell(words[position + 1 :])
    return None


def _started_by_shell(arguments: list[str]) -> str | None:
    for option, command in itertools.pairwise(arguments):
        if _COMMAND_OPTION.fullmatch(option):
            return web_server(command)
    return None


def _program(word: str) -> str:
    """`gunicorn` of `/opt/venv/bin/gunicorn` and of `-mgunicorn`."""
    name = word.rpartition("/")[2]
    return name[2:] if name[:2] == "-m" and name[2:] in SERVERS else name
