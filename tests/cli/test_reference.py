"""The reference pages say what the program does."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy import __version__, errors
from pushdeploy.cli import attempts, main
from pushdeploy.cli.command import ServerCommand
from pushdeploy.cli.group import COMMANDS, commands
from tests.cli.answers import COMMIT, KEYS, NOW, PS, RELEASE, RELEASES, apps

if TYPE_CHECKING:
    from types import ModuleType

    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"

ANSWERS = {
    "apps": apps("blog"),
    "certs": [
        {
            "domain": "blog.example.com",
            "app": "blog",
            "ends": NOW + 90 * 86_400,
            "kind": "auto",
            "issuer": "R11",
            "covered": True,
            "served": True,
            "trusted": True,
        }
    ],
    "config": {"DATABASE_URL": "sqlite:///instance/blog.db", "SECRET_KEY": "it's a secret"},
    "domains": ["blog.example.com"],
    "domains.bare": {"app": None, "kept_for": "blog"},
    "firewall": {"active": True, "text": ["Status: active"]},
    "keys.list": KEYS[:1],
    "maintenance": {"app": "blog", "maintenance": False},
    "nginx": {
        "file": "/etc/nginx/conf.d/pushdeploy-blog.conf",
        "snippets": "/etc/pushdeploy/nginx/blog",
        "text": "server {}\n",
        "settings": {
            "client-max-body-size": {
                "value": "20971520",
                "default": "10485760",
                "what": "the largest request body",
            }
        },
    },
    "pythons": [
        {
            "app": "blog",
            "release": "v12",
            "python": "3.11.2",
            "interpreter": "/usr/bin/python3.11",
            "fits": True,
            "misfit": None,
            "server_python": "3.13.5",
        }
    ],
    "ps": {**PS, "instances": PS["instances"][:2]},  # type: ignore[index]
    "releases": {**RELEASES, "releases": RELEASES["releases"][:2]},  # type: ignore[index]
    "releases.info": RELEASE,
    "releases.output": {
        "attempt": 14,
        "events": [
            {
                "event": "attempt.started",
                "attempt": 14,
                "app": "blog",
                "kind": "deploy",
                "commit": COMMIT,
                "who": "alice",
            },
            {"event": "attempt.ended", "outcome": "live", "exit_code": 0, "release": 12},
        ],
    },
    "static": {"/static": "static", "/media": "shared/media"},
    "watchdog": {"app": "blog", "watchdog": True},
    "storage": {"shared": "/var/lib/pushdeploy/apps/blog/shared", "storage": ["instance"]},
}

SECTION = re.compile(
    r"^## pushdeploy (?P<words>[^\n]+ --json)\n\n```json\n(?P<json>.*?)```",
    re.MULTILINE | re.DOTALL,
)
CODE = re.compile(r"^\| (\d+) \|", re.MULTILINE)

SSH_FAILED = 255
"""ssh(1): its exit status when it got nowhere."""


def documented() -> list[tuple[str, str]]:
    """The commands of the page, and what it says that they print."""
    return SECTION.findall((REFERENCE / "json.md").read_text())


def writer() -> ModuleType:
    """The script that writes the page of the commands."""
    spec = spec_from_file_location("write_commands", DOCS / "write_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_commands_is_what_their_help_says() -> None:
    written = (REFERENCE / "commands.md").read_text()

    assert written == writer().page(), "run docs/write_commands.py"


@pytest.mark.parametrize(("words", "text"), documented(), ids=lambda value: value[:20])
def test_json_is_as_documented(
    engine: FakeEngine, pushdeploy: Pushdeploy, words: str, text: str
) -> None:
    engine.answers |= ANSWERS

    said = pushdeploy(*words.split())

    assert said.stdout == text.replace('"version": "0.1.0"', f'"version": "{__version__}"')


def test_the_json_of_every_query_is_documented() -> None:
    queries = {
        name
        for name in COMMANDS
        if isinstance(found := commands.get_command(None, name), ServerCommand)  # type: ignore[arg-type]
        and any(one.name == "as_json" for one in found.params)
    }

    shown = {words.split()[0] for words, _ in documented()}
    assert shown == queries, "docs/reference/json.md shows one output of each"


def test_every_exit_code_is_documented() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    ours = {one.exit_code for one in classes if issubclass(one, errors.PushdeployError)}
    more = {0, main.INTERRUPTED, main.BROKEN_PIPE, main.OUR_BUG, attempts.GONE, SSH_FAILED}

    listed = CODE.findall((REFERENCE / "exit-codes.md").read_text())

    assert list(map(int, listed)) == sorted(ours | more)
