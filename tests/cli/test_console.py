"""How each event looks: the whole text."""

# ruff: noqa: ISC004 - each line that is seen stands on a line of its own

from __future__ import annotations

from typing import get_args

import pytest

from pushdeploy import events
from pushdeploy.cli.console import Known, lines
from pushdeploy.cli.style import WIDTH, problem
from pushdeploy.model.attempt import Outcome

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"

LOOKS: list[tuple[Known, str]] = [
    (
        events.AttemptStarted(7, "blog", "deploy", COMMIT, "alice"),
        "-----> Deploying blog, 1a2b3c4d\n",
    ),
    (events.AttemptStarted(7, "blog", "rollback", "", "alice"), "-----> Rolling back blog\n"),
    (
        events.AttemptStarted(7, "blog", "restart", COMMIT, "alice"),
        "-----> Restarting blog, 1a2b3c4d\n",
    ),
    (
        events.AttemptStarted(7, "blog", "config", COMMIT, "alice"),
        "-----> Changing config vars of blog, 1a2b3c4d\n",
    ),
    (events.CheckedOut(COMMIT, "Add posts", reused=False, seconds=0.1), "       Add posts\n"),
    (
        events.CheckedOut(COMMIT, "Add\x1b[2J posts", reused=False, seconds=2.04),
        "       Add\\x1b[2J posts (2.0 s)\n",
    ),
    (
        events.ProcessTypesFound(("web", "worker")),
        "-----> Discovering process types\n"
        "       Procfile declares types -> web, worker\n",
    ),
    (
        events.WorkersDefaulted(("worker", "mailer"), "blog"),
        "       worker, mailer: one instance each. To scale:\n"
        "         pushdeploy ps:scale --app blog worker=2\n",
    ),
    (
        events.OneShotsFound(("migrate", "console"), "blog"),
        "       migrate, console: not started, since it runs once.\n"
        "         pushdeploy run --app blog migrate\n",
    ),
    (
        events.PostdeployFound("python manage.py loaddata first", "blog"),
        "       app.json has a postdeploy script, to run once by hand:\n"
        "         pushdeploy run --app blog python manage.py loaddata first\n",
    ),
    (
        events.PostdeployFound("cd x && ./seed.sh", "blog"),
        "       app.json has a postdeploy script, to run once by hand:\n"
        "         pushdeploy run --app blog bash\n"
        "         cd x && ./seed.sh\n",
    ),
    (
        events.ProcessTypesFound(("web",), "Flask app in app.py", "gunicorn app:app"),
        "-----> Discovering process types\n"
        "       No Procfile: found a Flask app in app.py, so web is\n"
        "         gunicorn app:app\n",
    ),
    (
        events.FilesPassedOver(("Dockerfile", "addons in app.json")),
        "       For other platforms, passed over: Dockerfile, addons in app.json\n",
    ),
    (
        events.DatabaseWanted(
            "PostgreSQL", "DATABASE_URL", "pushdeploy pg:create --app blog --yes"
        ),
        "       app.json asks for PostgreSQL; DATABASE_URL is not set. Run:\n"
        "         pushdeploy pg:create --app blog --yes\n",
    ),
    (
        events.ConfigVarsMade(("DEBUG", "SECRET_KEY")),
        "       Config vars set as app.json says: DEBUG, SECRET_KEY\n",
    ),
    (
        events.SettingsApplied("pyproject.toml", ("domain blog.example.com",)),
        "       As pyproject.toml says: domain blog.example.com\n",
    ),
    (
        events.PythonChosen("3.11.2", "the server's own"),
        "-----> Using Python 3.11.2, the server's own\n",
    ),
    (
        events.SystemPackagesInstalling(("libvips42", "libpq-dev")),
        "-----> Installing system packages (Aptfile)\n       libvips42, libpq-dev\n",
    ),
    (events.SystemPackagesInstalled(4.1), "       Done (4.1 s)\n"),
    (
        events.PythonFetching("3.14.2", ".python-version"),
        "-----> Fetching Python 3.14.2 (.python-version) with uv\n",
    ),
    (
        events.PythonChosen("3.13.5", ".python-version", "3.13.2"),
        "-----> Using Python 3.13.5 (.python-version)\n"
        "       .python-version asks for 3.13.2; any 3.13 is taken\n",
    ),
    (
        events.GunicornAdded(),
        "       gunicorn is missing from requirements.txt: adding it\n",
    ),
    (
        events.GunicornAdded("gunicorn", ""),
        "       gunicorn is in no list of packages: adding it\n",
    ),
    (
        events.ListsPassedOver("requirements.txt", ("poetry.lock", "uv.lock")),
        "       requirements.txt counts; passed over: poetry.lock, uv.lock\n",
    ),
    (events.BuildStarted(), "-----> Installing requirements.txt with uv\n"),
    (
        events.BuildStarted("environment.yml"),
        "-----> Installing environment.yml with py-rattler and uv\n",
    ),
    (events.BuildStarted("uv.lock"), "-----> Installing uv.lock with uv\n"),
    (events.BuildStarted(""), "-----> No list of packages in the repo: making an empty venv\n"),
    (events.Built(reused=True, seconds=0.0, source=""), "       Venv reused\n"),
    (events.BuildOutput("Resolved 7 packages"), "       Resolved 7 packages\n"),
    (events.Built(reused=True, seconds=0.0), "       requirements.txt is unchanged: venv reused\n"),
    (events.Built(reused=False, seconds=3.21), "       Done (3.2 s)\n"),
    (
        events.ReleasePhaseStarted("python migrate.py"),
        "-----> Running release command: python migrate.py\n",
    ),
    (events.StepStarted("bin/post_compile"), "-----> $ bin/post_compile\n"),
    (events.StepOutput("1 static file copied"), "       1 static file copied\n"),
    (events.StepsFinished(reused=False, seconds=1.5), "       Done (1.5 s)\n"),
    (
        events.StepsFinished(reused=True, seconds=0),
        "       Nothing that is built from has changed: build reused\n",
    ),
    (
        events.StaticFound("/static", "staticfiles"),
        "       nginx serves /static/ from staticfiles/\n",
    ),
    (events.ReleasePhaseOutput("1 migration"), "       1 migration\n"),
    (events.ReleasePhaseFinished(1.5), "       Done (1.5 s)\n"),
    (events.WebStarting(13), "-----> Starting web of v13\n"),
    (
        events.WebUnhealthy(13, "GET / answered 500 Internal Server Error"),
        "       GET / answered 500 Internal Server Error; asking again\n",
    ),
    (
        events.WebHealthy(13, "/", 0, 0.1),
        "       web listens on $PORT\n",
    ),
    (
        events.WebHealthy(13, "http://localhost/", 200, 0.9),
        "       GET http://localhost/ answered 200 (0.9 s)\n",
    ),
    (events.Switched(13, 12), "-----> Switching to v13 from v12\n"),
    (events.Switched(1, None), "-----> Switching to v1\n"),
    (
        events.WorkersChanged(("worker.1", "worker.2")),
        "       Started worker.1, worker.2: up and running\n",
    ),
    (events.WebStayedUp("web.1", 3.0), "       web.1 has stayed up for 3 s\n"),
    (events.WorkersChanged(("worker.1",)), "       Started worker.1: up and running\n"),
    (
        events.WentLive("blog", 13, COMMIT, ("http://127.0.0.1:8000/",), 5.04),
        "=====> blog v13 is live (5.0 s)\n"
        "       http://127.0.0.1:8000/\n",
    ),
    (
        events.RolledBack("blog", 12, 13, COMMIT, warm=True, seconds=0.042),
        "=====> blog v12 is live again after 0.04 s: it was still warm\n"
        "       Code, packages and config vars went back. The database did not.\n"
        "       To undo: pushdeploy rollback v13 --app blog\n",
    ),
    (
        events.RolledBack("blog", 12, 13, COMMIT, warm=False, seconds=2.5),
        "=====> blog v12 is live again after 2.50 s: it had to boot\n"
        "       Code, packages and config vars went back. The database did not.\n"
        "       To undo: pushdeploy rollback v13 --app blog\n",
    ),
    (
        events.Warned("GET / answered 404, which passes without a health check in app.json", "x"),
        " !     Warning: GET / answered 404, which passes without a health check\n"
        " !     in app.json\n"
        " !     x\n",
    ),
    (events.Warned("disk is filling"), " !     Warning: disk is filling\n"),
    (
        events.AttemptFailed(
            reason="web did not answer within 30 s",
            report=("GET http://localhost/", "ImportError: no module \x1b[31mfoo"),
            hint="pushdeploy logs -p web --app blog, which is longer than the lines may be",
            still_live=12,
            release_phase=False,
        ),
        " !\n"
        " !     GET http://localhost/\n"
        " !     ImportError: no module \\x1b[31mfoo\n"
        " !\n"
        " !     v12 is still live.\n"
        " !     Failed: web did not answer within 30 s\n"
        " !     Next: pushdeploy logs -p web --app blog, which is longer than the lines may be\n",
    ),
    (
        events.AttemptFailed("no", (), "", still_live=None, release_phase=True),
        " !\n"
        " !     Nothing is live yet. The release command had already run; its\n"
        " !     changes to the database stay.\n"
        " !     Failed: no\n",
    ),
    (events.AttemptEnded(Outcome.LIVE, 0, 13), ""),
    (events.ScheduleChanged(("digest", "clean")), "       Scheduled jobs: digest, clean\n"),
    (events.ScheduleChanged(()), "       Scheduled jobs: none any more\n"),
    (events.RestoreStep("Installing PostgreSQL"), "-----> Installing PostgreSQL\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "text"), LOOKS, ids=[f"{event.name}-{i}" for i, (event, _) in enumerate(LOOKS)]
)
def test_an_event_looks_so(event: Known, text: str) -> None:
    assert "".join(f"{line}\n" for line in lines(event)) == text


def test_every_event_of_an_attempt_is_looked_at() -> None:
    assert {type(event) for event, _ in LOOKS} == set(get_args(Known))


def test_sentences_fit_beside_the_prefix_of_git() -> None:
    commands = ("Next:", "To undo:")
    shown = [line for event, _ in LOOKS for line in lines(event)]

    assert all(len(line) <= WIDTH or any(word in line for word in commands) for line in shown)


def test_a_path_stays_whole_and_cannot_act_on_the_terminal() -> None:
    path = "/srv/a-long-folder/with-many-dashes/and-more/of-them/so-that/it-does-not/fit"

    shown = list(problem(f"`{path}` is\x1b[2J not there", None))

    assert shown == [" !     " + f"`{path}`", " !     is\\x1b[2J not there"]
