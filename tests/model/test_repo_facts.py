"""What a repo's files say that explains a failed start."""

from __future__ import annotations

import json

import pytest

from pushdeploy.model.repo_facts import RepoFacts, look, parse_facts, render_facts

REPO = {
    "manage.py": "",
    "mysite/settings.py": (
        'ALLOWED_HOSTS = os.environ.get("HOSTS", "").split(",")\n'
        'DATABASES = {"default": {"NAME": BASE_DIR / "db.sqlite3"}}\n'
    ),
    "mysite/wsgi.py": "application = get_wsgi_application()\n",
    "requirements-dev.txt": "pytest\n",
    "pyproject.toml": '[dependency-groups]\ndev = ["PyYAML>=6"]\n',
}


def test_a_django_project_is_known() -> None:
    facts = look(REPO.get, REPO, "gunicorn mysite.wsgi:app")

    assert facts == RepoFacts(
        migrate="python manage.py migrate",
        hosts_var="HOSTS",
        sqlite="db.sqlite3",
        objects=("application",),
        files=("mysite.wsgi",),
        dev_packages=("pytest", "pyyaml"),
    )
    assert parse_facts(render_facts(facts)) == facts


CLICK = """
@click.command("init-db")
@with_appcontext
def init_db_command():
"""
BY_NAME = """
@app.cli.command()
def create_tables():
"""


@pytest.mark.parametrize(
    ("command", "file", "text", "creates"),
    [
        ("gunicorn 'flaskr:create_app()'", "flaskr/db.py", CLICK, "flask --app flaskr init-db"),
        ("flask --app flaskr run", "flaskr/db.py", CLICK, "flask --app flaskr init-db"),
        ("gunicorn app:app", "app.py", BY_NAME, "flask --app app create-tables"),
        ("gunicorn app:app", "other/db.py", CLICK, ""),
        ("gunicorn app:app", "app.py", CLICK.replace("init-db", "drop-db"), ""),
    ],
)
def test_the_repos_own_command_that_creates_its_tables_is_known(
    command: str, file: str, text: str, creates: str
) -> None:
    facts = look({file: text}.get, [file], command)

    assert facts.creates == creates
    assert parse_facts(render_facts(facts)) == facts
    assert parse_facts(json.dumps({"creates": f"{creates}; reboot"})).creates == ""


def test_an_empty_repo_says_nothing() -> None:
    assert look({}.get, (), "") == RepoFacts(lists_packages=False)


def test_code_that_does_not_parse_names_nothing() -> None:
    assert look({"app.py": "def ("}.get, ["app.py"], "gunicorn app:app").objects == ()


def test_what_another_user_wrote_is_checked() -> None:
    bad = {"migrate": "reboot", "hosts_var": "A B", "sqlite": "$(x)", "objects": ["a b", 3, "app"]}

    assert parse_facts(json.dumps(bad)) == RepoFacts(objects=("app",))
    assert parse_facts("no") == RepoFacts()
    assert parse_facts("[]") == RepoFacts()
