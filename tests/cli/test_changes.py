"""Commands that change something: what the engine is asked, what the person is told."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.engine.registry import Done
from pushdeploy.engine.verbs import pg, redis
from pushdeploy.engine.verbs.apps import Created, Destroyed
from pushdeploy.engine.verbs.backup import Scheduled, SetRepository
from pushdeploy.engine.verbs.keys import PublicKey, Removed
from pushdeploy.engine.verbs.reconcile import Did, Reconciled
from pushdeploy.engine.verbs.run import Ran
from pushdeploy.errors import (
    DeployFailedError,
    NothingToRollBackToError,
    RefusedInputError,
    UnavailableError,
    UsageError,
)
from pushdeploy.events import AttemptFailed, BuildStarted, Warned, WentLive
from pushdeploy.model.backup_result import Made
from pushdeploy.model.ended import Ended, EndedAs
from tests.cli.answers import FAILED, LIVE, RECORDED, apps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

FAILURE = AttemptFailed("web did not answer", (), "pushdeploy logs", 12, release_phase=False)
WENT_LIVE = WentLive("blog", 13, "1a2b3c4d", (), 2.0)
REASON = {"text": "the server's disk is full", "hint": "df -h; df -i"}

PUBLIC_KEY = (
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIJqsvwgbHI4PkuyW6vLzBN3TqTmlJ5xbR8xTEsDUpwVo alice@laptop\n"
)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What is piped in; write it and seek back."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content, isatty=lambda: False))
    return content


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["deploy"], {"verb": "deploy", "app": "blog", "revision": None}),
        (["deploy", ""], {"verb": "deploy", "app": "blog", "revision": ""}),
        (["deploy", "fix"], {"verb": "deploy", "app": "blog", "revision": "fix"}),
        (["rollback"], {"verb": "rollback", "app": "blog", "release": None}),
        (["rollback", "v9"], {"verb": "rollback", "app": "blog", "release": "v9"}),
        (["restart"], {"verb": "restart", "app": "blog"}),
    ],
)
def test_an_attempt_is_asked_for_and_shown(
    engine: FakeEngine, pushdeploy: Pushdeploy, words: list[str], request_: dict[str, object]
) -> None:
    engine.answers[words[0]] = LIVE
    engine.events = [BuildStarted(), WENT_LIVE]

    said = pushdeploy(*words)

    assert said.status == 0
    assert said.stdout == ""
    assert said.stderr == (
        "-----> Installing requirements.txt with uv\n=====> blog v13 is live (2.0 s)\n"
    )
    assert engine.asked[-1] == request_


def test_a_failed_attempt_is_the_exit_status(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["deploy"] = FAILED
    engine.events = [FAILURE]

    said = pushdeploy("deploy")

    assert said.status == DeployFailedError.exit_code
    assert said.stderr.endswith(" !     Failed: web did not answer\n !     Next: pushdeploy logs\n")


@pytest.mark.parametrize("words", [["deploy"], ["restart"], ["rollback"]])
def test_a_failure_that_no_event_tells_is_told_by_the_answer(
    engine: FakeEngine, pushdeploy: Pushdeploy, words: list[str]
) -> None:
    engine.answers[words[0]] = replace(FAILED, **REASON)

    said = pushdeploy(*words)

    assert said.status == DeployFailedError.exit_code
    assert said.stderr == " !     the server's disk is full\n !     Next: df -h; df -i\n"


def test_a_success_that_no_event_tells_is_told_by_the_answer(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["deploy"] = LIVE

    said = pushdeploy("deploy")

    assert (said.status, said.stderr) == (0, "=====> v13 is live\n")


def test_a_failure_that_an_event_tells_is_told_once(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["deploy"] = replace(FAILED, text=FAILURE.reason, hint=FAILURE.hint)
    engine.events = [FAILURE]

    said = pushdeploy("deploy")

    assert said.stderr.count(FAILURE.reason) == 1


def test_a_change_whose_failure_no_event_tells_has_its_reason_last(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config.set"] = replace(FAILED, **REASON)

    said = pushdeploy("config:set", "SECRET_KEY=s3cret")

    assert said.stderr == (
        "Setting SECRET_KEY and restarting blog... failed, nothing changed\n"
        " !     the server's disk is full\n"
        " !     Next: df -h; df -i\n"
    )


def test_nothing_to_roll_back_to_is_an_error(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["rollback"] = NothingToRollBackToError("there is none", hint="git push")

    said = pushdeploy("rollback")

    assert said.status == NothingToRollBackToError.exit_code
    assert said.stderr == " !     there is none\n !     Next: git push\n"


def test_a_deploy_that_has_nothing_to_do_says_so(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    text = "1a2b3c4d is live already, as v12"
    engine.answers["deploy"] = Ended(EndedAs.NOTHING, 0, text=text)

    said = pushdeploy("deploy")

    assert (said.status, said.stderr) == (0, f"=====> {text}\n")


def test_setting_config_vars_is_told_in_one_line(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config.set"] = LIVE
    engine.events = [BuildStarted()]

    said = pushdeploy("config:set", "SECRET_KEY=s3cret=", "DEBUG=0")

    assert said.stderr == "Setting SECRET_KEY, DEBUG and restarting blog... done, v13\n"
    assert said.stdout == ""
    values = {"SECRET_KEY": "s3cret=", "DEBUG": "0"}
    assert engine.asked[-1] == {"verb": "config.set", "app": "blog", "values": values}


def test_setting_what_is_set_already_is_no_release(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    text = "no change"
    engine.answers["config.set"] = Ended(EndedAs.NOTHING, 0, text=text)

    said = pushdeploy("config:set", "DEBUG=0")

    assert (said.status, said.stderr) == (0, "Setting DEBUG... no change\n")


def test_setting_before_the_first_release_says_when_it_counts(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config.set"] = RECORDED

    said = pushdeploy("config:set", "SECRET_KEY=1")

    assert said.stderr == "Setting SECRET_KEY... done; it takes effect at the first deploy\n"


def test_a_bad_value_changes_nothing_and_the_reason_stands_last(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config.set"] = FAILED
    engine.events = [BuildStarted(), Warned("memory is short"), FAILURE]

    said = pushdeploy("config:set", "SECRET_KEY=s3cret")

    assert said.status == DeployFailedError.exit_code
    assert said.stderr == (
        "Setting SECRET_KEY and restarting blog... failed, nothing changed\n"
        " !     Warning: memory is short\n"
        " !\n"
        " !     v12 is still live.\n"
        " !     Failed: web did not answer\n"
        " !     Next: pushdeploy logs\n"
    )


def test_a_refused_change_is_told_in_the_same_form(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["storage.add"] = RefusedInputError("git tracks `instance/`", hint="git rm")

    said = pushdeploy("storage:add", "instance/")

    assert said.status == RefusedInputError.exit_code
    assert said.stderr == (
        "Adding storage instance/... failed, nothing changed\n"
        " !     git tracks `instance/`\n"
        " !     Next: git rm\n"
    )
    assert engine.asked[-1] == {"verb": "storage.add", "app": "blog", "folder": "instance/"}


def test_an_argument_without_a_name_is_refused_and_not_shown(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    said = pushdeploy("config:set", "s3cret")

    assert said.status == UsageError.exit_code
    assert "s3cret" not in said.stderr
    assert [one["verb"] for one in engine.asked] == ["apps"]


def test_values_come_on_stdin_each_ended_by_a_nul(
    engine: FakeEngine, pushdeploy: Pushdeploy, stdin: io.BytesIO
) -> None:
    engine.answers["config.set"] = LIVE
    stdin.write("A=1\nand more\0B=ü=\0".encode())
    stdin.seek(0)

    said = pushdeploy("config:set", "--app", "blog", "-", over_ssh=True)

    assert said.stderr == "Setting A, B and restarting blog... done, v13\n"
    assert engine.asked[-1]["values"] == {"A": "1\nand more", "B": "ü="}


@pytest.mark.parametrize("content", [b"A=1\n", b"", b"A=1\0B=2"])
def test_values_on_stdin_without_their_nul_are_refused(
    engine: FakeEngine, pushdeploy: Pushdeploy, stdin: io.BytesIO, content: bytes
) -> None:
    stdin.write(content)
    stdin.seek(0)

    said = pushdeploy("config:set", "--app", "blog", "-")

    assert said.status == UsageError.exit_code
    assert "config:import -" in said.stderr
    assert engine.asked == []


def test_a_whole_env_file_is_imported_as_one_change(
    engine: FakeEngine, pushdeploy: Pushdeploy, tmp_path: Path
) -> None:
    engine.answers["config.set"] = LIVE
    file = tmp_path / ".env"
    file.write_text("# keys\nexport A='x y'\nB=\"1\\n2\"\n")

    said = pushdeploy("config:import", str(file))

    assert said.stderr == "Setting A, B and restarting blog... done, v13\n"
    assert engine.asked[-1]["values"] == {"A": "x y", "B": "1\n2"}


def test_a_file_name_that_comes_over_ssh_is_refused(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    for words in (["config:import", "/etc/passwd"], ["keys:add", "alice", "/etc/passwd"]):
        said = pushdeploy(*words, over_ssh=True)

        assert said.status == UsageError.exit_code
        assert "`/etc/passwd` would be a file of the server" in said.stderr
    assert {one["verb"] for one in engine.asked} <= {"apps"}


def test_scaling_is_told_in_one_line(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["ps.scale"] = LIVE

    said = pushdeploy("ps:scale", "web=4", "worker=2")

    assert said.stderr == "Scaling web=4 worker=2 and restarting blog... done, v13\n"
    assert engine.asked[-1] == {"verb": "ps.scale", "app": "blog", "changes": ["web=4", "worker=2"]}


def test_an_app_is_made_and_the_line_to_paste_is_the_output(
    engine: FakeEngine, pushdeploy: Pushdeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.answers["apps.create"] = Created(made=True, port=8001, note="")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)

    said = pushdeploy("apps:create", "shop")

    assert said.stderr == "Creating shop... done, on port 8001\n"
    assert said.stdout == "git remote add production deploy@HOST:shop\n"


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        ("192.0.2.1 50000 192.0.2.9 22", "deploy@192.0.2.9:shop"),
        ("192.0.2.1 50000 192.0.2.9 2222", "ssh://deploy@192.0.2.9:2222/shop"),
        ("2001:db8::1 50000 2001:db8::9 22", "deploy@[2001:db8::9]:shop"),
    ],
)
def test_over_ssh_the_line_to_paste_has_the_address(
    engine: FakeEngine,
    pushdeploy: Pushdeploy,
    monkeypatch: pytest.MonkeyPatch,
    connection: str,
    url: str,
) -> None:
    engine.answers["apps.create"] = Created(made=False, port=8001, note="")
    monkeypatch.setenv("SSH_CONNECTION", connection)

    said = pushdeploy("apps:create", "shop")

    assert said.stdout == f"git remote add production {url}\n"


def test_a_file_of_an_app_that_a_backup_names_is_shown_escaped(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    name = "shared/\x1b]0;title\x07"
    engine.answers["backup.create"] = Made("1a2b3c4d", ("blog",), 1, 1, (name,), (name,))

    said = pushdeploy("backup:create")

    assert r"shared/\x1b]0;title\x07" in said.stderr
    assert "\x1b" not in said.stderr + said.stdout


def test_where_backups_are_already_none_is_proposed_that_would_be_the_newest(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    proposed = {}
    for password in ("u6Qv", ""):
        engine.answers["backup.set"] = SetRepository("/mnt/backups", password)
        proposed[password] = pushdeploy("backup:set", "/mnt/backups").stderr.splitlines()[-1]

    assert proposed == {
        "u6Qv": "Next: pushdeploy backup:create",
        "": "Next: pushdeploy backup:list",
    }


def test_a_schedule_is_shown_unless_another_is_given(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["backup.schedule"] = Scheduled("03:30")

    said = pushdeploy("backup:schedule")

    assert said.stderr == "Backups are made automatically: 03:30.\n"
    assert engine.asked == [{"verb": "backup.schedule", "when": None}]


@pytest.mark.parametrize("noun", ["pg", "redis"])
def test_nothing_is_installed_for_an_app_that_is_not_there(
    noun: str, engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["pg.server"] = pg.Server(installed=False)
    engine.answers["redis.server"] = redis.Server(installed=False, package="redis-server")

    said = pushdeploy(f"{noun}:create", "--app", "blgo", "--yes")

    assert (said.status, said.stderr) == (
        4,
        " !     there is no app `blgo`\n !     Next: pushdeploy apps\n",
    )
    assert [one["verb"] for one in engine.asked] == [f"{noun}.server", "apps"]


def test_a_change_that_was_typed_wrongly_did_not_fail(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["pg.destroy"] = UsageError("destroying deletes all", hint="--confirm blog")

    said = pushdeploy("pg:destroy", "--app", "blog")

    assert said.stderr == " !     destroying deletes all\n !     Next: --confirm blog\n"


def test_a_database_that_the_app_needs_can_be_deleted_nevertheless(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["pg.destroy"] = FAILED

    said = pushdeploy("pg:destroy", "--app", "blog", "--confirm", "blog")

    assert said.status == DeployFailedError.exit_code
    assert said.stderr.endswith(
        "The PostgreSQL database is still there. To delete it anyway:\n"
        "  pushdeploy pg:destroy --app blog --confirm blog --force\n"
    )


def test_destroying_needs_the_name_again(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["apps.destroy"] = Destroyed("")

    wrong = pushdeploy("apps:destroy", "--app", "blog", "--confirm", "blgo")
    right = pushdeploy("apps:destroy", "--app", "blog", "--confirm", "blog")

    assert wrong.status == UsageError.exit_code
    assert wrong.stderr == (
        " !     `blgo` is not `blog`: nothing was destroyed\n"
        " !     Next: pushdeploy apps:destroy --app blog --confirm blog\n"
    )
    assert right.stderr == "Destroying blog... done\n"
    assert engine.asked == [{"verb": "apps.destroy", "app": "blog", "confirm": "blog"}]


def test_a_key_comes_on_stdin_with_its_comment_as_the_name(
    engine: FakeEngine, pushdeploy: Pushdeploy, stdin: io.BytesIO
) -> None:
    engine.answers["keys.add"] = PublicKey("alice@laptop", "ssh-ed25519", "SHA256:x")
    stdin.write(PUBLIC_KEY.encode())
    stdin.seek(0)

    said = pushdeploy("keys:add", over_ssh=True)

    assert said.stderr == "Adding the key alice@laptop (SHA256:x)... done\n"
    assert engine.asked[-1] == {"verb": "keys.add", "name": None, "key": PUBLIC_KEY}


def test_removing_the_last_key_says_what_that_means(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["keys.remove"] = Removed(0)

    said = pushdeploy("keys:remove", "alice", "--confirm", "alice")

    assert engine.asked[-1] == {"verb": "keys.remove", "name": "alice", "confirmed": True}
    assert said.stderr == (
        "Removing the key alice... done\n"
        "No keys are left: nobody can push until root adds one on the server.\n"
    )


def test_run_hands_its_descriptors_over_and_passes_the_status_on(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["run"] = Ran(42)

    said = pushdeploy("run", "python", "-c", "print(1)", "--app", "other")

    assert said.status == 42
    assert engine.descriptors == (0, 1, 2)
    assert engine.asked[-1]["argv"] == ["python", "-c", "print(1)", "--app", "other"]
    assert engine.asked[-1]["app"] == "blog"


OVER_SSH = {"PUSHDEPLOY_WHO": "ada", "SSH_CONNECTION": "10.0.0.2 51234 10.0.0.1 22"}


@pytest.mark.parametrize(
    ("place", "typed"),
    [
        ({}, "pushdeploy {0} --app blog {1}\n"),
        (OVER_SSH, 'ssh deploy@10.0.0.1 "{0} --app blog {1}"\n'),
    ],
)
def test_a_line_that_lost_its_quotes_is_answered_with_as_many_as_it_needs_here(
    place: dict[str, str],
    typed: str,
    engine: FakeEngine,
    pushdeploy: Pushdeploy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.answers["run"] = Ran(127)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    for name, value in place.items():
        monkeypatch.setenv(name, value)

    ran = pushdeploy("run", "P=a b c;", "echo", "$P")
    set_ = pushdeploy("config:set", "P=a", "b", "c")

    assert (ran.status, set_.status) == (127, 2)
    assert "`P=a b c;` is for a shell, which gets only a single word" in ran.stderr
    assert ran.stderr.endswith(typed.format("run", "'COMMAND LINE'"))
    assert set_.stderr.endswith(typed.format("config:set", "NAME='a value'"))


def test_a_program_that_is_not_there_says_nothing_of_quotes(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["run"] = Ran(127)

    assert pushdeploy("run", "pyhton", "x=1").stderr == ""


def test_logs_hands_its_descriptors_over(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["logs"] = Done()

    said = pushdeploy("logs", "-t", "-n", "5", "-p", "web", "-p", "worker")

    assert (said.status, said.stdout, said.stderr) == (0, "", "")
    assert engine.descriptors == (0, 1, 2)
    assert engine.asked[-1] == {
        "verb": "logs", "app": "blog", "types": ["web", "worker"], "count": 5, "follow": True
    }  # fmt: skip


def test_reconcile_says_what_it_did(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["apps"] = apps("blog", "shop")
    engine.answers["reconcile"] = Reconciled(
        {"blog": (Did("started web.1 of v3", failed=False),), "shop": ()}
    )

    said = pushdeploy("reconcile")

    assert said.stdout == "blog: started web.1 of v3\n"
    assert engine.asked == [{"verb": "reconcile", "boot": False, "deep": False, "later": False}]


def test_reconcile_that_could_not_do_something_ends_as_unavailable(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    words = Did("failed: is a word that an app's log may begin with", failed=False)
    engine.answers["reconcile"] = Reconciled({"blog": (words,)})
    assert pushdeploy("reconcile").status == 0

    engine.answers["reconcile"] = Reconciled({"blog": (words, Did("no user", failed=True))})
    assert pushdeploy("reconcile").status == UnavailableError.exit_code


def test_reconcile_with_nothing_to_do_says_so(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["reconcile"] = Reconciled({"blog": ()})

    everything = pushdeploy("reconcile", "--deep")
    one = pushdeploy("reconcile", "blog")

    assert (everything.stdout, everything.stderr) == ("", "Everything is as it should be.\n")
    assert (one.stdout, one.stderr) == ("", "blog is as it should be.\n")
    assert engine.asked[-2:] == [
        {"verb": "reconcile", "boot": False, "deep": True, "later": False},
        {"verb": "reconcile", "app": "blog", "boot": False, "deep": False, "later": False},
    ]


@pytest.mark.usefixtures("engine", "stdin")
def test_no_key_on_stdin_is_answered_with_where_to_get_one(pushdeploy: Pushdeploy) -> None:
    said = pushdeploy("keys:add", "ben", over_ssh=True)

    assert said.status == UsageError.exit_code
    assert said.stderr == (
        " !     no key came on stdin\n !     Next: add `< ~/.ssh/id_ed25519.pub` at the end\n"
    )


@pytest.mark.parametrize(("word", "branch"), [("deploy-branch", "main"), ("trunk", "trunk")])
def test_one_word_to_git_set_is_answered_with_the_whole_command(
    engine: FakeEngine, pushdeploy: Pushdeploy, word: str, branch: str
) -> None:
    said = pushdeploy("git:set", word, "--app", "blog")

    assert said.status == UsageError.exit_code
    assert f"Next: pushdeploy git:set deploy-branch {branch} --app blog\n" in said.stderr
    assert not [one for one in engine.asked if one["verb"] == "git.set"]
