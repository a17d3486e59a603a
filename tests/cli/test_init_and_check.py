"""On the laptop, before a push: a repo is made ready, and what would be refused is found."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Pushdeploy

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repo, in which the test is."""
    folder = tmp_path / "blog"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "Ada")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "ada@example.org")
    git("init", "--quiet", "--initial-branch=main")
    return folder


def git(*words: str) -> str:
    """Run git here."""
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def words_of(text: str) -> str:
    """What was said, however its lines were broken."""
    return " ".join(text.replace(" ! ", " ").split())


def commit(repo: Path, files: dict[str, str]) -> None:
    """Write and commit files."""
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "--all")
    git("commit", "--quiet", "--message=Change")


def test_a_repo_is_made_ready(repo: Path, pushdeploy: Pushdeploy) -> None:
    commit(repo, {"app.py": FLASK, "requirements.txt": "flask\n"})
    (repo / ".venv").mkdir()
    (repo / ".venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.4\n")

    said = pushdeploy("init", "deploy@server.example.com:blog")

    assert said.status == 0, said.stderr
    assert (repo / "Procfile").read_text() == "web: gunicorn app:app\n"
    assert (repo / ".python-version").read_text() == "3.12\n"
    assert git("remote", "get-url", "production") == "deploy@server.example.com:blog\n"
    assert "git add Procfile .python-version && git commit" in said.stderr
    assert "git push production HEAD:main" in said.stderr
    assert "pip freeze" not in said.stderr


def test_a_repo_that_lists_no_packages_is_told_how_to(repo: Path, pushdeploy: Pushdeploy) -> None:
    commit(repo, {"app.py": FLASK})

    said = pushdeploy("init")

    assert said.status == 0, said.stderr
    assert "pip freeze > requirements.txt" in words_of(said.stderr)


def test_what_is_there_is_never_changed(repo: Path, pushdeploy: Pushdeploy) -> None:
    own = {"Procfile": "web: ./serve\n", ".python-version": "3.11\n", "app.py": FLASK}
    commit(repo, own)
    git("remote", "add", "production", "deploy@old:blog")

    said = pushdeploy("init", "deploy@server:blog")

    assert said.status == 0, said.stderr
    assert {name: (repo / name).read_text() for name in own} == own
    assert git("remote", "get-url", "production") == "deploy@old:blog\n"
    assert "git add" not in said.stderr


def test_a_file_that_git_ignores_is_left_as_it_is(repo: Path, pushdeploy: Pushdeploy) -> None:
    commit(repo, {"app.py": FLASK, ".gitignore": "Procfile\n.python-version\n"})
    (repo / "Procfile").write_text("web: mine\n")

    said = pushdeploy("init")

    assert (repo / "Procfile").read_text() == "web: mine\n"
    assert "Procfile is there, and ignored by git" in said.stderr


def test_a_django_project_gets_its_migrations(repo: Path, pushdeploy: Pushdeploy) -> None:
    manage = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
    settings = "WSGI_APPLICATION = 'mysite.wsgi.application'\n"
    commit(
        repo,
        {
            "manage.py": manage,
            "mysite/settings.py": settings,
            "mysite/wsgi.py": "application = 1\n",
        },
    )

    assert pushdeploy("init").status == 0
    assert (repo / "Procfile").read_text() == (
        "web: gunicorn mysite.wsgi:application\nrelease: python manage.py migrate --noinput\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("init",), "nothing says how to start the app"),
        (("init", "https://example.com/blog"), "does not name an app on a server"),
        (("check", "nothing"), "`nothing` is not a commit of this repo"),
    ],
)
def test_what_can_t_be_done_is_said_and_changes_nothing(
    repo: Path, pushdeploy: Pushdeploy, words: tuple[str, ...], message: str
) -> None:
    commit(repo, {"README.md": "nothing\n"})

    said = pushdeploy(*words)

    assert said.status != 0
    assert message in words_of(said.stderr)
    assert git("status", "--porcelain") == ""
    assert git("remote") == ""


def test_check_says_what_a_repo_without_a_commit_needs(repo: Path, pushdeploy: Pushdeploy) -> None:
    (repo / "app.py").write_text(FLASK)

    said = pushdeploy("check")

    assert said.status != 0
    assert "the repo has no commit yet" in words_of(said.stderr)
    assert "git add --all" in said.stderr


@pytest.mark.parametrize("word", ["init", "check"])
def test_outside_a_repo_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pushdeploy: Pushdeploy, word: str
) -> None:
    monkeypatch.chdir(tmp_path)

    said = pushdeploy(word)

    assert said.status != 0
    assert "this folder is not in a git repo" in words_of(said.stderr)


def test_a_good_repo_is_told_as_the_server_would_see_it(repo: Path, pushdeploy: Pushdeploy) -> None:
    commit(
        repo,
        {
            "app.py": FLASK,
            "requirements.txt": "flask\n",
            ".python-version": "3.12\n",
            "fly.toml": "app = 'blog'\n",
        },
    )

    said = pushdeploy("check")

    assert said.status == 0, said.stderr
    for line in (
        "No Procfile; by the Flask app in app.py: web: gunicorn app:app",
        "Process types: web",
        "Packages: requirements.txt",
        "Python: 3.12, as .python-version asks",
        "For other platforms, not read: fly.toml",
        "=====> The server would take",
    ):
        assert line in said.stderr


def test_what_the_server_refuses_is_found_before_the_push(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    commit(repo, {"Procfile": "web gunicorn app:app\n", "app.py": FLASK})

    said = pushdeploy("check")

    assert said.status != 0
    assert "line 1 of the `Procfile` has no `:` after the name" in said.stderr


def test_apps_in_folders_are_named_and_each_can_be_checked(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    for folder in ("api", "web"):
        commit(repo, {f"{folder}/app.py": FLASK, f"{folder}/requirements.txt": "flask\n"})

    whole = pushdeploy("check")
    one = pushdeploy("check", "--root", "web/")

    assert whole.status != 0
    assert "these folders have: `api`, `web`" in words_of(whole.stderr)
    assert "pushdeploy apps:set root api" in words_of(whole.stderr)
    assert one.status == 0, one.stderr
    assert "web/ becomes the release" in one.stderr


def test_what_a_first_push_needs_and_no_server_has_is_told(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    env = '{"env": {"API_KEY": {}, "LEVEL": "info", "KEY": {"generator": "secret"}}}'
    files = {"app.py": FLASK, "requirements.txt": "flask\n", "runtime.txt": "python-3.6.6\n"}
    commit(repo, {**files, "app.json": env})

    said = pushdeploy("check")

    assert said.status == 0, said.stderr
    assert "runtime.txt asks for Python 3.6.6, which a server can't fetch any more" in said.stderr
    assert "before the first push: pushdeploy config:set API_KEY=VALUE" in said.stderr
    assert said.stderr.count("config:set") == 1


def test_storage_that_git_tracks_is_refused_before_the_push(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    said = '{"pushdeploy": {"storage": ["instance"]}}'
    commit(repo, {"app.py": FLASK, "app.json": said, "instance/blog.db": ""})

    refused = pushdeploy("check")

    assert refused.status != 0
    assert "`instance` is storage, and git tracks" in words_of(refused.stderr)
    assert "git rm -r --cached instance" in refused.stderr


def test_the_python_of_an_environment_of_conda_is_its_own(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    commit(repo, {"app.py": FLASK, "environment.yml": "dependencies:\n  - flask\n"})

    assert "Python: that of environment.yml" in pushdeploy("check").stderr
    assert pushdeploy("init").status == 0
    assert not (repo / ".python-version").exists()


def test_nothing_is_written_beside_the_folder_that_becomes_the_release(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    inner = {"web/app.py": FLASK, "web/requirements.txt": "flask\n"}
    commit(repo, {**inner, "api/app.py": FLASK, "api/requirements.txt": "flask\n"})

    several = pushdeploy("init")
    commit(repo, {"app.json": '{"pushdeploy": {"root": "web"}}'})
    chosen = pushdeploy("init")

    assert several.status != 0
    assert "these folders have: `api`, `web`" in words_of(several.stderr)
    assert chosen.status == 0, chosen.stderr
    assert "web/ becomes the release" in chosen.stderr
    assert not (repo / "Procfile").exists()


def test_what_a_push_would_not_bring_is_refused_with_the_commands(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    commit(repo, {"app.py": FLASK, ".gitattributes": "*.bin filter=lfs diff=lfs -text\n"})

    said = pushdeploy("check")

    assert said.status != 0
    assert "git lfs pull && git lfs untrack '*.bin'" in said.stderr


def test_what_is_surely_not_meant_is_told(repo: Path, pushdeploy: Pushdeploy) -> None:
    commit(repo, {"Procfile": "web: bin/serve\n", "bin/serve": "#!/bin/sh\n", ".env": "A=1\n"})
    (repo / "bin/serve").write_text("#!/bin/sh\nexec true\n")

    said = pushdeploy("check")

    assert said.status == 0, said.stderr
    assert "git update-index --chmod=+x bin/serve" in said.stderr
    assert "git rm --cached .env" in said.stderr
    assert "1 file is not committed" in said.stderr


def test_an_app_whose_packages_nothing_lists_would_not_start(
    repo: Path, pushdeploy: Pushdeploy
) -> None:
    manage = "def main():\n    from django.core.management import execute_from_command_line\n"
    commit(repo, {"Procfile": "web: gunicorn mysite.wsgi\n", "manage.py": manage})

    said = pushdeploy("check")

    assert said.status == 0, said.stderr
    assert "manage.py imports django, and no file lists any packages" in said.stderr
    assert "but the app would not start" in said.stderr
