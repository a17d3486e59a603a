"""What commands that only tell print: whole texts, as a pipe or a log sees them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.engine.verbs.apps import Apps
from pushdeploy.engine.verbs.config import Config
from pushdeploy.engine.verbs.releases import Output
from pushdeploy.engine.verbs.storage import Storage
from pushdeploy.errors import NotFoundError
from pushdeploy.events import Warned
from pushdeploy.model.instance import State
from pushdeploy.system.command import Command
from tests.cli.answers import KEYS, PS, RELEASE, RELEASES, WEB, apps
from tests.cli.terminal import at_terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

TABLE = """
from pushdeploy.cli.output import show_table
show_table(("App", "Port"), [("blog", "8000")])
"""

pytestmark = pytest.mark.usefixtures("in_utc")


def test_apps_are_listed_in_plain_columns(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["apps"] = apps("blog", "my-shop")

    said = pushdeploy("apps")

    assert said.stdout == (
        "App      Port  Branch  Release  Commit\n"
        "blog     8000  main    v12      1a2b3c4d\n"
        "my-shop  8001  main    v12      1a2b3c4d\n"
    )
    assert (said.status, said.stderr) == (0, "")


def test_no_apps_is_said_on_stderr(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["apps"] = apps()

    said = pushdeploy("apps")

    assert said.stdout == ""
    assert said.stderr == "There are no apps yet. Create one: pushdeploy apps:create blog\n"


def test_ps_shows_instances_below_their_process_type(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["ps"] = PS

    said = pushdeploy("ps")

    assert said.stdout == (
        "=== web (3 workers): gunicorn app:app\n"
        "web.1: up for 3h 4m, v12, cpu 2%, 64 MB, 0 restarts\n"
        "web.1: up for 5h 50m, v11, kept warm for a rollback, cpu 0%, 63 MB, 1 restart, "
        "the last 5h 50m ago\n"
        "=== worker (1): python worker.py\n"
        "worker.1: crashed, v12, 14 restarts, the last 3s ago\n"
        "=== other releases, about to end (or by: pushdeploy reconcile)\n"
        "clock.1: up for 1d 1h, v9, cpu 0%, 20 MB, 0 restarts\n"
    )
    assert said.stderr == (
        " !     worker.1 of v12 is crash-looping: 14 restarts\n"
        " !     Next: pushdeploy logs -p worker.1 --app blog\n"
        " !     web.1 of v12 hung and was restarted twice, most recently 5m ago\n"
        " !     Next: pushdeploy logs -p web.1 --app blog\n"
        " !     The last attempt (deploy 1a2b3c4d, 2h ago, by alice) failed: web\n"
        " !     did not answer within 30 s\n"
        " !     Next: pushdeploy releases:output --attempt 15 --app blog\n"
    )


def test_ps_of_an_app_that_was_never_live_says_what_to_do(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["ps"] = replace(
        PS,
        release=None,
        branch="trunk",
        commands={},
        instances=(),
        revived=(),
        last_attempt=None,
    )

    said = pushdeploy("ps")

    assert said.stdout == ""
    assert said.stderr == "Nothing of blog is live yet: git push production trunk\n"


def test_apps_names_what_crash_loops(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    blog, shop = apps("blog", "shop").apps
    engine.answers["apps"] = Apps((blog, replace(shop, crash_loops=("worker.1",))))

    said = pushdeploy("apps")

    assert said.stderr == (
        " !     worker.1 of shop is crash-looping\n"
        " !     Next: pushdeploy logs -p worker.1 --app shop\n"
    )


def test_whatever_is_asked_of_an_app_ends_with_what_is_wrong_with_it(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config"] = Config({"COLOUR": "green"})
    engine.beside = [Warned("worker.1 of v3 has been crash-looping for 2h", "pushdeploy logs")]

    said = pushdeploy("config")

    assert "COLOUR" in said.stdout
    assert said.stderr.endswith(
        " !     Warning: worker.1 of v3 has been crash-looping for 2h\n !     pushdeploy logs\n"
    )
    assert said.stderr.count("crash-looping") == 1


def test_ps_says_that_visitors_get_the_maintenance_page(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["ps"] = replace(PS, maintenance=True)

    assert pushdeploy("ps").stderr.startswith(
        " !     Visitors still get the maintenance page.\n"
        " !     Next: pushdeploy maintenance:off --app blog\n"
    )


def test_ps_scale_without_changes_shows_the_numbers(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["ps"] = PS

    assert pushdeploy("ps:scale").stdout == "web=3 worker=1\n"
    assert json.loads(pushdeploy("ps:scale", "--json").stdout) == {"web": 3, "worker": 1}


def test_releases_are_listed_newest_first(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["releases"] = RELEASES

    said = pushdeploy("releases", "-n", "4")

    assert said.stdout == (
        "=== blog Releases - Current: v12\n"
        "v    Description                 Who         When                       Outcome\n"
        "-    Deploy 1a2b3c4d             alice       2026-11-22 09:59 (1m ago)"
        "  failed (attempt 15)\n"
        "v12  Set SECRET_KEY config vars  bob@laptop  2026-11-22 07:55 (2h ago)  live\n"
        "v11  Deploy 1a2b3c4d             alice       2026-11-21 09:00 (1d ago)  was live, warm\n"
        "v10  Deploy 0f0f0f0f             alice       2026-11-20 10:00 (2d ago)  was live, gone\n"
    )
    assert said.stderr == (
        "Back to v11: pushdeploy rollback --app blog\nOr to v9: pushdeploy rollback v9 --app blog\n"
    )
    assert engine.asked[-1] == {"verb": "releases", "app": "blog", "count": 4}


def test_control_characters_of_an_app_do_not_reach_the_terminal(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    row = replace(RELEASES.tried[1], description="Deploy \x1b[2J")
    engine.answers["releases"] = replace(RELEASES, tried=(row,))

    said = pushdeploy("releases")

    assert "\x1b" not in said.stdout
    assert "\\x1b[2J" in said.stdout


def test_one_release_is_shown_with_its_processes(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["releases.info"] = RELEASE

    said = pushdeploy("releases:info", "v12")

    assert said.stdout == (
        "=== Release v12\n"
        "App:     blog\n"
        "Change:  Set SECRET_KEY config vars\n"
        "Commit:  1a2b3c4d Add posts\n"
        "Author:  Alice\n"
        "By:      bob@laptop\n"
        "When:    2026-11-22 07:55 (2h ago)\n"
        "Python:  3.11.2\n"
        "State:   live\n"
        "=== v12 Processes\n"
        "web: gunicorn app:app\n"
        "worker: python worker.py\n"
    )


@pytest.mark.parametrize(
    ("live", "rollback", "state"),
    [
        (True, False, "live"),
        (False, True, "can be rolled back to"),
        (False, False, "can't be rolled back to"),
    ],
)
def test_a_release_says_whether_one_can_go_back_to_it(
    engine: FakeEngine, pushdeploy: Pushdeploy, *, live: bool, rollback: bool, state: str
) -> None:
    engine.answers["releases.info"] = replace(RELEASE, live=live, rollback=rollback)

    assert f"State:   {state}\n" in pushdeploy("releases:info").stdout


def test_the_output_of_a_deploy_looks_as_it_did_in_the_push(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["releases.output"] = Output(
        attempt=14,
        events=(
            {"event": "attempt.started", "attempt": 14, "app": "blog", "kind": "deploy",
             "commit": "1a2b3c4d5e", "who": "alice", "ts": 1},
            {"event": "of a newer version"},
            {"event": "build.started"},
            {"event": "build.output", "line": "Resolved 7 packages"},
            {"event": "attempt.ended", "outcome": "live", "exit_code": 0, "release": 12},
        ),
    )  # fmt: skip

    said = pushdeploy("releases:output", "--attempt", "14")

    assert said.stdout == (
        "-----> Deploying blog, 1a2b3c4d\n"
        "-----> Installing requirements.txt with uv\n"
        "       Resolved 7 packages\n"
    )
    assert engine.asked[-1] == {
        "verb": "releases.output", "app": "blog", "release": None, "attempt": 14
    }  # fmt: skip


def test_config_is_shown_on_one_line_a_var(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["config"] = Config({"A": "1", "TEXT": "it's\ntwo lines"})

    assert pushdeploy("config").stdout == (
        "=== blog Config Vars\nA:     1\nTEXT:  it's\\ntwo lines\n"
    )


def test_config_can_be_shown_as_a_shell_reads_it(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config"] = Config({"A": "1", "TEXT": "it's $HOME\ntwo lines"})

    assert pushdeploy("config", "-s").stdout == "A=1\nTEXT='it'\"'\"'s $HOME\ntwo lines'\n"


def test_one_config_var_is_shown_bare(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["config"] = Config({"URL": "postgres://u:p@h/d?a=b"})

    assert pushdeploy("config:get", "URL").stdout == "postgres://u:p@h/d?a=b\n"


def test_a_config_var_that_is_not_set_is_not_found(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["config"] = Config({"URL": "secret"})

    said = pushdeploy("config:get", "URLS")

    assert (said.status, said.stdout) == (NotFoundError.exit_code, "")
    assert said.stderr == " !     `URLS` is not set\n !     Next: pushdeploy config --app blog\n"


def test_keys_are_listed_with_their_fingerprints(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["keys"] = KEYS

    said = pushdeploy("keys:list")

    assert said.stdout == (
        "Name        Kind         Fingerprint\n"
        f"alice       ssh-ed25519  SHA256:{'A' * 43}\n"
        f"bob@laptop  ssh-rsa      SHA256:{'B' * 43}\n"
    )


def test_storage_says_where_the_folders_lie(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["storage"] = Storage("/srv/shared", ("media/up",), ("instance",))

    assert pushdeploy("storage").stdout == (
        "Folder     Lies in                From\n"
        "instance/  /srv/shared/instance/  app.json\n"
        "media/up/  /srv/shared/media/up/  storage:add\n"
    )


def test_a_table_is_drawn_at_a_terminal_unless_colour_is_unwanted() -> None:
    usual = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    script = [sys.executable, "-c", TABLE]

    drawn = at_terminal(Command(script, environment=usual))
    plain = at_terminal(Command(script, environment={**usual, "NO_COLOR": "1"}))

    assert "─" in drawn
    assert "\x1b[" in drawn
    assert plain == "App   Port\nblog  8000\n"


def test_a_first_release_that_boots_is_starting_and_not_about_to_end(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    web = replace(WEB, release="v1", state=State.STARTING)
    engine.answers["ps"] = replace(
        PS, release=None, commands={}, revived=(), last_attempt=None, instances=(web,)
    )

    said = pushdeploy("ps")

    assert said.stdout.startswith("=== a release that starts now\nweb.1: starting for 3h 4m, v1, ")
    assert said.stderr == "Nothing of blog is live yet\n"


def test_workers_are_counted_as_they_run_and_scaled_as_the_procfile_says(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    web = replace(WEB, workers=1)
    coming = replace(WEB, release="v13", state=State.STARTING, workers=0)
    commands = {"web": "gunicorn -w 2 app:app"}
    engine.answers["ps"] = replace(PS, commands=commands, instances=(web, coming))

    assert "=== web (1 worker): gunicorn -w 2 app:app\n" in pushdeploy("ps").stdout
    assert "web.1: starting for 3h 4m, v13" in pushdeploy("ps").stdout
    assert pushdeploy("ps:scale").stdout == "web=2\n"
