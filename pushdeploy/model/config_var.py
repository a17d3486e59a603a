"""One config var: which names and values an app can have.

A name is refused when what the app sees in `os.environ` would not be what was set, or when setting
it would take the app away from what starts it.
"""

from __future__ import annotations

import re

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

LARGEST_VAR = 128 * 1024 - 1
"""Bytes of `NAME=value`: with the NUL at its end, MAX_ARG_STRLEN of execve(2)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_OURS = {
    "GIT_REV": "it holds the commit of the release",
    "HOME": "it is the home of the app's user",
    "PATH": "it begins with the programs of the app's venv",
    "PORT": "it is the port that the release was given",
    "VIRTUAL_ENV": "it is the release's venv",
}
# Tried with dash 0.5.12 and bash 5.2: each is read-only, or changes by itself after it was set.
# Exact names, because `EPOCHS` or `LISTEN_ADDRESS` may well be an app's own.
_OF_THE_SHELL = frozenset(
    {
        "COMPREPLY",
        "COMP_WORDBREAKS",
        "COMP_WORDS",
        "DIRSTACK",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HISTCMD",
        "IFS",
        "LINENO",
        "OLDPWD",
        "OPTARG",
        "OPTERR",
        "OPTIND",
        "PIPESTATUS",
        "PPID",
        "PWD",
        "RANDOM",
        "SECONDS",
        "SHELLOPTS",
        "SHLVL",
        "SRANDOM",
        "UID",
        "_",
    }
)
# systemd.exec(5), "Environment Variables in Spawned Processes"; sd_listen_fds(3); sd_notify(3).
_OF_SYSTEMD = frozenset(
    {
        "CREDENTIALS_DIRECTORY",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "MAINPID",
        "MANAGERPID",
        "NOTIFY_SOCKET",
        "SYSTEMD_EXEC_PID",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    }
)


def check_name(name: str) -> None:
    """Refuse a name that an app cannot have.

    Args:
        name: `[A-Za-z_][A-Za-z0-9_]*`, as a shell accepts it (POSIX, 3.231 Name).

    Raises:
        UsageError: It has another form, or belongs to the shell, to systemd or to us.
    """
    check_form(name)
    reason = _owner(name)
    if reason:
        raise UsageError(
            f"{quoted(name)} can't be set: {reason}",
            hint="give it another name, such as "
            + (f"`APP{name}`." if name.startswith("_") else f"`APP_{name}`."),
        )


def check_form(name: str) -> None:
    """Refuse a name that is none in the shell's grammar.

    Raises:
        UsageError: It is empty, begins with a digit, or holds other than letters, digits and `_`.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{quoted(name)} can't be the name of a config var",
            hint="use letters, digits and `_`, not beginning with a digit: `SECRET_KEY`",
        )


def check_value(name: str, value: str) -> None:
    """Refuse a value that cannot be part of an environment; it never appears in the message.

    Raises:
        UsageError: It holds a NUL or is not text, or is too long together with its name.
    """
    if "\0" in value:
        raise UsageError(
            f"the value of {quoted(name)} contains a NUL character, which would end it",
            hint="encode binary values, for example with `base64`",
        )
    size = size_of(name, value)
    if size > LARGEST_VAR:
        raise UsageError(
            f"the value of {quoted(name)} is too long: with its name it has {size:,} bytes, "
            f"the maximum is {LARGEST_VAR:,}",
            hint="keep it in a file in a storage folder, and set its path instead",
        )


def size_of(name: str, value: str) -> int:
    """The bytes of `NAME=value` in an environment.

    Raises:
        UsageError: The value is not text: it holds bytes that are not UTF-8.
    """
    try:
        return len(name) + 1 + len(value.encode())
    except UnicodeEncodeError:
        raise UsageError(
            f"the value of {quoted(name)} is not UTF-8 text",
            hint="encode binary values, for example with `base64`",
        ) from None


def _owner(name: str) -> str | None:
    if name in _OURS:
        return _OURS[name]
    if name.startswith("PUSHDEPLOY_"):
        return "names with `PUSHDEPLOY_` are our own"
    if name in _OF_THE_SHELL or name.startswith("BASH"):
        return "the shell that starts the app changes it"
    if name in _OF_SYSTEMD:
        return "systemd sets it for the process that it starts"
    return None
