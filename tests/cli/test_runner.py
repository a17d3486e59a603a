"""The command line as such: which app is meant, what is refused, what help costs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click
import pytest

from pushdeploy import __version__
from pushdeploy.cli.group import ALIASES, commands, names, sentences
from pushdeploy.cli.runner import BROKEN_PIPE, status_of
from pushdeploy.cli.target import Local
from pushdeploy.engine.registry import Done
from pushdeploy.engine.verbs.run import Ran
from pushdeploy.errors import OUR_BUG, NotFoundError, UnavailableError, UsageError
from pushdeploy.system.command import Command, attempt, start
from tests.cli.answers import LIVE, PS, RELEASES, apps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

SLOW = (
    "git",
    "pushdeploy.events",
    "rich",
    "structlog",
    "jinja2",
    "psutil",
    "tomli_w",
    "asyncio",
    "importlib.metadata",
)
"""Packages that cost tens of milliseconds."""

IMPORTED = """
import sys
from pushdeploy.cli.runner import status_of
from pushdeploy.cli.target import Local
from tests.cli.answers import PS, apps
answers = {"apps": apps("blog"), "ps": PS}
status = status_of(sys.argv[1:], lambda: Local(lambda request, **_: answers[request.verb.name]))
print("\\nimported", status, *sys.modules)
"""


def test_the_first_word_may_be_the_app(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers |= {"apps": apps("blog", "shop"), "ps": PS, "rollback": LIVE, "logs": Done()}

    pushdeploy("ps", "shop")
    pushdeploy("rollback", "shop", "v3")
    pushdeploy("logs", "-p", "shop", "shop", "-n", "5")

    asked = [one for one in engine.asked if one["verb"] != "apps"]
    assert [one["app"] for one in asked] == ["shop", "shop", "shop"]
    assert asked[1]["release"] == "v3"
    assert asked[2]["types"] == ["shop"]


def test_a_first_word_that_names_no_app_is_the_argument(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers |= {"apps": apps("v3"), "rollback": LIVE, "deploy": LIVE}

    pushdeploy("rollback", "v3")
    pushdeploy("deploy", "fix")

    asked = [one for one in engine.asked if one["verb"] != "apps"]
    assert asked == [
        {"verb": "rollback", "app": "v3", "release": "v3"},
        {"verb": "deploy", "app": "v3", "revision": "fix"},
    ]


def test_words_of_a_one_off_command_are_never_ours(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers |= {"apps": apps("blog", "shop"), "run": Ran(0)}

    pushdeploy("run", "shop", "python", "-a", "blog", "shop")

    assert engine.asked[-1]["app"] == "shop"
    assert engine.asked[-1]["argv"] == ["python", "-a", "blog", "shop"]


def test_a_named_app_is_not_looked_up(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["releases"] = RELEASES

    pushdeploy("releases", "--app", "blog")

    assert [one["verb"] for one in engine.asked] == ["releases"]


def test_several_apps_and_none_named_is_a_question(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["apps"] = apps("blog", "shop")

    said = pushdeploy("ps")

    assert said.status == UsageError.exit_code
    assert said.stderr == " !     which app? There are blog, shop\n !     Next: add --app blog\n"


def test_an_app_that_is_named_behind_the_command_of_run_is_to_be_named_before_it(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["apps"] = apps("blog", "shop")

    said = pushdeploy("run", "ls", "-l", "--app", "shop")

    assert said.status == UsageError.exit_code
    assert said.stderr.endswith(
        "Next: put --app before the command: pushdeploy run --app shop ls -l\n"
    )


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["status", "shop"], "pushdeploy ps --app shop"),
        (["info", "--app", "shop"], "pushdeploy ps --app shop"),
        (["open", "-a", "shop"], "pushdeploy domains --app shop"),
        (["open", "--app=shop"], "pushdeploy domains --app shop"),
        (["dyno:restart", "web", "--app", "shop"], "pushdeploy restart --app shop"),
        (["relases", "shop"], "pushdeploy releases --app shop"),
        (["status", "elsewhere"], "pushdeploy ps"),
        (["status", "--app", "No;name"], "pushdeploy ps"),
        (["create", "foo"], "pushdeploy apps:create foo"),
        (["sqlite", "--app", "shop"], "pushdeploy config:set --app shop --help"),
    ],
)
def test_a_word_of_another_tool_keeps_the_app_that_was_named(
    engine: FakeEngine, pushdeploy: Pushdeploy, words: list[str], hint: str
) -> None:
    engine.answers["apps"] = apps("blog", "shop")

    assert pushdeploy(*words).stderr.endswith(f" !     Next: {hint}\n")


def test_no_app_at_all_is_said(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["apps"] = apps()

    said = pushdeploy("ps")

    assert said.status == NotFoundError.exit_code
    assert said.stderr == (" !     there is no app yet\n !     Next: pushdeploy apps:create blog\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["relases"], "there is no command `relases`\n !     Next: pushdeploy releases\n"),
        (["ps:restrat"], "there is no command `ps:restrat`\n !     Next: pushdeploy ps:restart\n"),
        (["rollbak"], "there is no command `rollbak`\n !     Next: pushdeploy --help\n"),
        (["help", "lgos"], "there is no command `lgos`\n !     Next: pushdeploy logs\n"),
        (
            ["app", "logs"],
            "there is no command `app`: `logs -t` shows what the app prints,\n !     as it",
        ),
        (
            ["letsencrypt:enable", "blog"],
            "there is no command `letsencrypt:enable`: `certs:auto` gets\n !     certificates",
        ),
        (["xyzzy"], "there is no command `xyzzy`\n !     Next: pushdeploy --help\n"),
        (
            ["ps", "--jsn"],
            "No such option '--jsn'. Did you mean '--json'?\n !     Next: pushdeploy ps --help\n",
        ),
        (["run"], "Missing argument 'COMMAND...'.\n !     Next: pushdeploy run --help\n"),
        (["ps", "--app", "Blog"], "`Blog` can't be an app's name"),
    ],
)
def test_what_was_typed_wrongly_is_answered_with_what_to_type(
    pushdeploy: Pushdeploy, words: list[str], text: str
) -> None:
    said = pushdeploy(*words)

    assert said.status == UsageError.exit_code
    assert said.stdout == ""
    assert said.stderr.startswith(f" !     {text}")


def test_an_error_of_the_engine_keeps_its_exit_status(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["apps"] = UnavailableError("the engine does not answer", hint="systemctl")

    said = pushdeploy("apps")

    assert said.status == UnavailableError.exit_code
    assert said.stderr == " !     the engine does not answer\n !     Next: systemctl\n"


def test_our_own_bug_is_short_here_and_whole_in_a_file(
    engine: FakeEngine, pushdeploy: Pushdeploy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PUSHDEPLOY_HOME", str(tmp_path))
    engine.answers["ps"] = KeyError("release")

    said = pushdeploy("ps")

    assert said.status == OUR_BUG
    assert said.stderr == (
        " !     pushdeploy itself failed: KeyError('release')\n"
        f" !     Next: cat {tmp_path}/log/failed.log\n"
    )


def test_help_has_one_example_of_each_command(pushdeploy: Pushdeploy) -> None:
    said = pushdeploy("rollback", "--help")

    assert said.status == 0
    assert said.stdout.endswith("Example:\n  $ pushdeploy rollback v12 --app blog\n")


def test_no_words_show_the_help(pushdeploy: Pushdeploy) -> None:
    said = pushdeploy()

    assert said.status == 0
    assert said.stdout.startswith("Usage: pushdeploy [OPTIONS] COMMAND")


def test_version_is_told(pushdeploy: Pushdeploy) -> None:
    assert pushdeploy("version").stdout == f"pushdeploy {__version__}\n"
    assert pushdeploy("--version").stdout == f"pushdeploy {__version__}\n"


def test_a_remote_is_the_laptops_business(pushdeploy: Pushdeploy) -> None:
    said = pushdeploy("ps", "--remote", "production", over_ssh=True)

    assert said.status == UsageError.exit_code
    assert "`--remote` is for the laptop" in said.stderr


@pytest.mark.parametrize("words", [["--help"], ["version"]])
def test_a_reader_that_left_is_no_bug(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    program = start(
        Command([sys.executable, "-m", "pushdeploy.programs.command_line", *words]), stdout=writer
    )

    os.close(writer)
    assert program.wait() == BROKEN_PIPE


@pytest.mark.parametrize("words", [["--help"], ["ps", "--app", "blog"], ["ps", "--json"]])
def test_help_and_ps_import_nothing_slow(words: list[str]) -> None:
    said = attempt(Command([sys.executable, "-c", IMPORTED, *words]))

    _, _, imported = said.stdout.rpartition("\nimported 0 ")
    assert imported, said.stderr
    assert not set(SLOW) & set(imported.split())


def test_an_interrupt_leaves_the_attempt_to_the_server(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    status = status_of(["deploy", "--app", "blog"], lambda: Local(interrupted))

    assert status == 130
    assert capfd.readouterr().err == (
        "\n !     You stopped watching; the server carries on.\n"
        " !     Next: pushdeploy releases --app blog\n"
    )


def test_the_help_of_all_has_a_whole_sentence_of_each_command() -> None:
    told = sentences()

    assert list(told) == commands.list_commands(click.Context(commands))
    assert [name for name, one in told.items() if one[-1] != "." or one[-3:] == "..."] == []


def test_other_names_of_commands_are_commands() -> None:
    assert set(ALIASES.values()) <= set(names())
    assert not set(ALIASES) & set(names())


@pytest.mark.parametrize(
    ("words", "same"),
    [
        (["help"], ["--help"]),
        (["help", "ps"], ["ps", "--help"]),
        (["help", "config:add"], ["config:add", "--help"]),
    ],
)
def test_help_is_a_command_too(pushdeploy: Pushdeploy, words: list[str], same: list[str]) -> None:
    said, wanted = pushdeploy(*words), pushdeploy(*same)

    assert (said.status, said.stdout) == (0, wanted.stdout)
    assert "Usage: pushdeploy" in said.stdout
