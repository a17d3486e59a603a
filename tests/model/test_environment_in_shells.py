"""What was set is what the app sees, through the real shells that start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.config_var import check_name
from pushdeploy.model.dotenv import render_for_shell
from pushdeploy.model.environment import Environment, render_shell

SHELLS = ("/bin/sh", "/bin/bash")
# Names that a shell might treat in a special way, beside those that nobody knows.
SPECIAL = (
    "CDPATH",
    "CHILD_MAX",
    "COLUMNS",
    "COPROC",
    "ENV",
    "EXECIGNORE",
    "FIGNORE",
    "FUNCNEST",
    "GLOBIGNORE",
    "HISTFILE",
    "HISTSIZE",
    "HISTFILESIZE",
    "HISTIGNORE",
    "HOSTNAME",
    "HOSTTYPE",
    "IGNOREEOF",
    "INPUTRC",
    "LANG",
    "LC_ALL",
    "LINES",
    "LOGNAME",
    "MACHTYPE",
    "MAIL",
    "MAILCHECK",
    "MAILPATH",
    "MAPFILE",
    "OSTYPE",
    "POSIXLY_CORRECT",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "READLINE_LINE",
    "REPLY",
    "SHELL",
    "TERM",
    "TEXTDOMAIN",
    "TIMEFORMAT",
    "TMOUT",
    "TMPDIR",
    "TZ",
    "USER",
    "auto_resume",
    "histchars",
    "COMP_LINE",
)
SHOW = "import json, os; print(json.dumps({k.decode(): v.hex() for k, v in os.environb.items()}))"


def settable(name: str) -> bool:
    try:
        check_name(name)
    except UsageError:
        return False
    return True


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True).filter(settable)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text(
    alphabet="ab'\"\\\n\r\t #$=`(){};&|!*?~%\x01\x7f\x80é😀"
)
ENVIRONMENTS = st.dictionaries(NAMES, VALUES, max_size=30).map(Environment)


def seen_by_the_app(shell: str, text: str) -> dict[str, str]:
    """What a program sees that the shell starts after it read the text with `.`."""
    with TemporaryDirectory() as folder:
        Path(folder, "environment").write_bytes(text.encode())
        answer = subprocess.run(
            [shell, "-c", '. ./environment; exec "$@"', "start", sys.executable, "-IS", "-c", SHOW],
            cwd=folder,
            env={"PYTHONCOERCECLOCALE": "0"},
            capture_output=True,
            check=True,
        )
    return {
        name: bytes.fromhex(value).decode() for name, value in json.loads(answer.stdout).items()
    }


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=30, deadline=None)
@given(environment=ENVIRONMENTS)
def test_the_app_sees_exactly_what_was_set(shell: str, environment: Environment) -> None:
    seen = seen_by_the_app(shell, render_shell(environment))
    shown = seen_by_the_app(shell, f"set -a\n{render_for_shell(environment.values)}")

    assert {name: shown.get(name) for name in environment.values} == dict(environment.values)
    assert {name: seen.get(name) for name in environment.values} == dict(environment.values)
    assert set(seen) - set(environment.values) <= {"PYTHONCOERCECLOCALE", "PWD", "OLDPWD"} | {
        "SHLVL",
        "_",
        "LC_CTYPE",
    }


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", ["", "5", "some text", "it's\n$HOME `x`\\"])
def test_the_app_sees_what_was_set_under_special_names(shell: str, value: str) -> None:
    environment = Environment().set(dict.fromkeys(SPECIAL, value))

    seen = seen_by_the_app(shell, render_shell(environment))

    assert {name: seen.get(name) for name in environment.values} == dict(environment.values)
