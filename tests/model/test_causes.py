"""What real programs print as they fail is explained, and ends in one command."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pushdeploy.model.cause import Evidence
from pushdeploy.model.causes import RULES, cause_of
from pushdeploy.model.repo_facts import RepoFacts

OUTPUTS = Path(__file__).parent / "outputs"
SLUGS = Path("/var/lib/pushdeploy/apps/blog/slugs")
SEEN = Evidence(app="blog", output="", command="gunicorn app:app", slugs=SLUGS)
OPENSSL = "$(openssl rand -hex 32)"
AGAIN = "commit, and push again"
GUNICORN = "gunicorn app:app"


def seen(output: str, command: str = GUNICORN, **more: object) -> Evidence:
    """What is known when a program of that name printed what it did."""
    text = (OUTPUTS / f"{output}.txt").read_bytes().decode()
    return replace(SEEN, output=text, command=command, **more)  # type: ignore[arg-type]


PG_CREATE = "pushdeploy pg:create --app blog --yes"
REDIS_CREATE = "pushdeploy redis:create --app blog --yes"


def set_var(words: str) -> str:
    """The command that sets config vars."""
    return f"pushdeploy config:set {words} --app blog"


CASES = [
    ("environ-key", GUNICORN, "`SECRET_KEY`, which is not set", set_var(f"SECRET_KEY={OPENSSL}")),
    (
        "pydantic-settings",
        GUNICORN,
        "`DATABASE_URL` and `SECRET_KEY`, which are not set",
        f"{PG_CREATE}; {set_var(f'SECRET_KEY={OPENSSL}')}",
    ),
    ("environs", GUNICORN, "`SECRET_KEY`", set_var(f"SECRET_KEY={OPENSSL}")),
    ("django-environ", GUNICORN, "`SECRET_KEY`", set_var(f"SECRET_KEY={OPENSSL}")),
    ("decouple", GUNICORN, "`SECRET_KEY`", set_var(f"SECRET_KEY={OPENSSL}")),
    ("django-secret-key", GUNICORN, "`SECRET_KEY`", set_var(f"SECRET_KEY={OPENSSL}")),
    ("django-no-database", GUNICORN, "no database", PG_CREATE),
    ("sqlalchemy-no-database", GUNICORN, "SQLAlchemy has no database", PG_CREATE),
    ("module-yaml", GUNICORN, "`yaml`", f"add pyyaml to the dependencies, {AGAIN}"),
    (
        "module-uvicorn",
        "gunicorn -k uvicorn_worker.UvicornWorker app:app",
        "`uvicorn_worker`",
        f"add uvicorn-worker to the dependencies, {AGAIN}",
    ),
    ("not-found", "granian app:app", "`granian`", f"add granian to the dependencies, {AGAIN}"),
    ("exec-not-found", "granian app:app", "`granian`", f"add granian to the dependencies, {AGAIN}"),
    ("django-psycopg", GUNICORN, "`mysqlclient`", f"add mysqlclient to the dependencies, {AGAIN}"),
    (
        "fastapi-multipart",
        GUNICORN,
        "`python-multipart`",
        f"add python-multipart to the dependencies, {AGAIN}",
    ),
    (
        "disallowed-host",
        GUNICORN,
        "refuses requests for `localhost`",
        f"add 'localhost' to ALLOWED_HOSTS in the settings, {AGAIN}",
    ),
    ("sqlite-read-only-django", GUNICORN, "read-only", "storage:add"),
    ("log-read-only", GUNICORN, "`logs.log`", f"have it log to the console, {AGAIN}"),
    ("mkdir-read-only", GUNICORN, "read-only", "pushdeploy storage:add uploads/ --app blog"),
    (
        "celery-beat",
        "celery -A app beat",
        "keeps its schedule",
        "write in the Procfile: web: celery -A app beat -s $HOME/celerybeat-schedule",
    ),
    (
        "no-such-table",
        GUNICORN,
        "no table `post`",
        "add a `release:` line that creates the tables to the Procfile",
    ),
    (
        "not-executable",
        "./nox.sh",
        "without its x bit",
        f"git update-index --chmod=+x nox.sh, {AGAIN}",
    ),
    ("carriage-returns", "./start.sh", "CRLF", "or fix its first line"),
    ("carriage-returns-env", "./start.sh", "CRLF", f"sed -i 's/\\r$//' start.sh, {AGAIN}"),
    ("carriage-returns-sh", "sh start.sh", "CRLF", f"sed -i 's/\\r$//' start.sh, {AGAIN}"),
    ("carriage-returns-bash", "bash start.sh", "CRLF", f"sed -i 's/\\r$//' start.sh, {AGAIN}"),
    ("no-interpreter", "./start.sh", "first line of `start.sh`", "or fix its first line"),
    ("refused-psycopg", GUNICORN, "PostgreSQL", PG_CREATE),
    ("refused-psycopg2", GUNICORN, "PostgreSQL", PG_CREATE),
    ("psycopg-socket", GUNICORN, "PostgreSQL", PG_CREATE),
    ("django-refused", GUNICORN, "PostgreSQL", PG_CREATE),
    ("refused-mysql", GUNICORN, "MySQL", "config:set DATABASE_URL=mysql://"),
    ("refused-redis", GUNICORN, "Redis", REDIS_CREATE),
    ("refused-django-redis", GUNICORN, "Redis", REDIS_CREATE),
    ("refused-celery-redis", "celery -A app worker", "Redis", REDIS_CREATE),
    ("refused-celery-amqp", "celery -A app worker", "RabbitMQ", "config:set CELERY_BROKER_URL="),
    ("refused-mongo", GUNICORN, "MongoDB", "config:set MONGODB_URI=mongodb://"),
    (
        "port-taken-uvicorn",
        "python main.py",
        "port 8000, which another",
        "of 127.0.0.1:8000, commit",
    ),
    (
        "port-taken-flask",
        "python main.py",
        "port 8000, which another program has",
        "of 8000, commit",
    ),
    (
        "port-taken-flask",
        "python main.py --port 8000",
        "has to listen on `$PORT`",
        "write in the Procfile: web: python main.py --port $PORT",
    ),
    (
        "port-taken",
        "python main.py",
        "wants a port, which another program has",
        "of its own, commit",
    ),
    (
        "celery-transport",
        "celery -A app worker",
        "wants `redis+socket://`",
        set_var("CELERY_BROKER_URL=redis+socket:///run/pushdeploy-redis/blog/redis.sock"),
    ),
    (
        "celery-results",
        "celery -A app worker",
        "wants `redis+socket://`",
        set_var("CELERY_RESULT_BACKEND=redis+socket:///run/pushdeploy-redis/blog/redis.sock"),
    ),
    (
        "attribute",
        "gunicorn wsgi:app",
        "`wsgi` has no `app`",
        f"fix the web line of the Procfile, {AGAIN}",
    ),
    (
        "attribute-uvicorn",
        "uvicorn main:app",
        "`main` has no `app`",
        f"fix the web line of the Procfile, {AGAIN}",
    ),
    (
        "module-missing",
        GUNICORN,
        "names the module `app`",
        f"fix the web line of the Procfile, {AGAIN}",
    ),
    (
        "old-kombu",
        "celery -A tasks worker",
        "made for Python 3.11 and older",
        "echo 3.11 > .python-version",
    ),
    ("old-starlette", "uvicorn main:app", "the request first", "add starlette<1 to the"),
    ("asgi-by-wsgi", GUNICORN, "speaks ASGI", "add uvicorn-worker to the dependencies"),
]


MORE_CONNECTIONS = (
    "on its server: sudo -u postgres psql -c 'ALTER SYSTEM SET max_connections = 200', "
    "then: sudo systemctl restart postgresql"
)


@pytest.mark.parametrize(("output", "command", "text", "hint"), CASES)
def test_it_is_explained(output: str, command: str, text: str, hint: str) -> None:
    found = cause_of(seen(output, command))

    assert found is not None
    assert text in found.text
    assert hint in found.hint


@pytest.mark.parametrize("output", ["flask-500", "syntax", "flask-dev"])
def test_what_is_not_known_is_not_explained(output: str) -> None:
    assert cause_of(seen(output)) is None


def test_the_name_that_the_module_has_is_written_into_the_line() -> None:
    facts = RepoFacts(objects=("application",))

    found = cause_of(seen("attribute", "gunicorn -w 2 wsgi:app", facts=facts))

    assert found is not None
    assert found.text == "`wsgi` has no `app`; it has `application`."
    assert found.hint == "write in the Procfile: web: gunicorn -w 2 wsgi:application"


def test_the_variable_that_hosts_are_read_from_is_set() -> None:
    found = cause_of(seen("disallowed-host", facts=RepoFacts(hosts_var="ALLOWED_HOSTS")))

    assert found is not None
    assert found.hint == set_var("ALLOWED_HOSTS=localhost,SERVER")
    assert "names that visitors type" in found.text


def test_hosts_that_are_set_already_and_domains_stay_allowed() -> None:
    evidence = seen(
        "disallowed-host",
        facts=RepoFacts(hosts_var="ALLOWED_HOSTS"),
        config={"ALLOWED_HOSTS": "old.example.com, 203.0.113.5"},
        domains=("blog.example.com",),
    )

    found = cause_of(evidence)

    assert found is not None
    assert found.hint == set_var(
        "ALLOWED_HOSTS=old.example.com,203.0.113.5,localhost,blog.example.com"
    )


@pytest.mark.parametrize(
    ("line", "text", "hint"),
    [
        (
            'FATAL:  password authentication failed for user "mysite"',
            "refuses the password of `mysite`",
            set_var("DATABASE_URL=postgresql://mysite:PASSWORD@HOST/NAME"),
        ),
        (
            'FATAL:  Peer authentication failed for user "mysite"',
            "over its socket",
            PG_CREATE,
        ),
        (
            'FATAL:  role "pd-blog" does not exist',
            "`pd-blog`",
            PG_CREATE,
        ),
        (
            'FATAL:  database "mysite" does not exist',
            "no database `mysite`",
            "on its server: sudo -u postgres createdb --owner USER mysite",
        ),
        (
            "psycopg.errors.InsufficientPrivilege: permission denied for schema public",
            "belongs to another user",
            "on its server: sudo -u postgres psql -c 'ALTER DATABASE NAME OWNER TO USER'",
        ),
        (
            'FATAL:  too many connections for role "pd-mysite"',
            "as many connections to PostgreSQL as it may have",
            "pushdeploy pg:create --connections 80 --app blog; or have it keep fewer",
        ),
        (
            "FATAL:  sorry, too many clients already",
            "All connections of PostgreSQL are taken",
            MORE_CONNECTIONS,
        ),
        (
            "FATAL:  remaining connection slots are reserved for roles with SUPERUSER",
            "All connections of PostgreSQL are taken",
            MORE_CONNECTIONS,
        ),
    ],
)
def test_what_postgresql_refuses_is_named(line: str, text: str, hint: str) -> None:
    found = cause_of(replace(SEEN, output=f"django.db.utils.OperationalError: {line}\n"))

    assert found is not None
    assert text in found.text
    assert found.hint == hint


@pytest.mark.parametrize(
    ("line", "text", "hint"),
    [
        (
            (
                """pymysql.err.OperationalError: (1045, "Access denied for user """
                """'shop'@'localhost' (using password: YES)")"""
            ),
            "refuses the password of `shop`",
            set_var("DATABASE_URL=mysql://shop:PASSWORD@HOST/NAME"),
        ),
        (
            (
                """MySQLdb.OperationalError: (1044, "Access denied for user 'shop'@'%' to """
                """database 'shop2'")"""
            ),
            "does not let `shop` into the database `shop2`",
            "on its server: sudo mysql -e 'GRANT ALL ON shop2.* TO shop@HOST'",
        ),
        (
            """django.db.utils.OperationalError: (1049, "Unknown database 'shop'")""",
            "no database `shop`",
            "on its server: sudo mysql -e 'CREATE DATABASE shop'",
        ),
        (
            (
                """pymysql.err.OperationalError: (1226, "User 'pd-shop' has exceeded the """
                """'max_user_connections' resource (current value: 40)")"""
            ),
            "as many connections to MariaDB as it may have",
            "pushdeploy mysql:create --connections 80 --app blog; or have it keep fewer",
        ),
        (
            """pymysql.err.OperationalError: (1040, 'Too many connections')""",
            "All connections of MySQL are taken",
            "on its server: sudo mysql -e 'SET GLOBAL max_connections = 300'",
        ),
        (
            (
                "redis.exceptions.AuthenticationError: invalid username-password pair or user is "
                "disabled."
            ),
            "Redis refuses the password",
            set_var("REDIS_URL=redis://:PASSWORD@HOST:6379/0"),
        ),
        (
            "redis.exceptions.AuthenticationError: Authentication required.",
            "Redis asks for a password",
            set_var("REDIS_URL=redis://:PASSWORD@HOST:6379/0"),
        ),
        (
            (
                "redis.exceptions.AuthenticationError: AUTH <password> called without any password "
                "configured for the default user."
            ),
            "has no password, and is given one",
            set_var("REDIS_URL=redis://HOST:6379/0"),
        ),
    ],
)
def test_what_mysql_and_redis_refuse_is_named(line: str, text: str, hint: str) -> None:
    found = cause_of(replace(SEEN, output=f"Traceback (most recent call last):\n{line}\n"))

    assert found is not None
    assert text in found.text
    assert found.hint == hint


def test_the_config_var_that_leads_to_redis_is_the_apps_own() -> None:
    line = "redis.exceptions.AuthenticationError: Authentication required.\n"

    found = cause_of(replace(SEEN, output=line, config={"CELERY_BROKER_URL": "redis://x"}))

    assert found is not None
    assert found.hint == set_var("CELERY_BROKER_URL=redis://:PASSWORD@HOST:6379/0")


@pytest.mark.parametrize(
    ("command", "process"), [("python main.py --port $PORT", "web"), ("flower", "worker")]
)
def test_a_port_that_is_taken_is_spoken_of_only_where_it_is_the_cause(
    command: str, process: str
) -> None:
    assert cause_of(seen("port-taken-uvicorn", command, process=process)) is None


def test_where_nothing_lists_packages_the_file_to_make_is_named() -> None:
    output = "ModuleNotFoundError: No module named 'django'\n"

    found = cause_of(replace(SEEN, output=output, facts=RepoFacts(lists_packages=False)))

    assert found is not None
    assert found.hint == f"add django to requirements.txt, {AGAIN}"


def test_celery_names_the_module_that_its_line_gets_wrong() -> None:
    evidence = seen("celery-module", "celery -A mysit worker", process="worker")

    found = cause_of(evidence)

    assert found is not None
    assert found.text == "The worker line names the module `mysit`, which is not there."


def test_a_400_of_django_that_logs_nothing_is_a_host_too() -> None:
    body = "<h1>Bad Request (400)</h1>"

    found = cause_of(replace(SEEN, status=400, body=body, host="blog.example.com", ended=False))

    assert found is not None
    assert "`blog.example.com`" in found.text


def test_migrations_become_a_release_line() -> None:
    facts = RepoFacts(migrate="python manage.py migrate")

    found = cause_of(seen("no-such-table-django", facts=facts))

    assert found is not None
    assert found.hint == f"echo 'release: python manage.py migrate' >> Procfile, {AGAIN}"


def test_the_database_that_the_code_names_is_put_into_storage() -> None:
    inside = cause_of(seen("sqlite-write", facts=RepoFacts(sqlite="data/blog.db")))
    at_the_root = cause_of(seen("sqlite-write", facts=RepoFacts(sqlite="blog.db")))

    assert inside is not None
    assert inside.hint == "pushdeploy storage:add data/ --app blog"
    assert at_the_root is not None
    assert at_the_root.hint.endswith("then have the code open data/blog.db")


def test_a_package_for_development_is_to_be_moved() -> None:
    found = cause_of(seen("module-yaml", facts=RepoFacts(dev_packages=("pyyaml",))))

    assert found is not None
    assert found.hint == f"move pyyaml to the dependencies of the app, {AGAIN}"


@pytest.mark.parametrize("command", ["gunicorn app:app --daemon", "gunicorn -D app:app", "a &"])
def test_a_server_in_the_background_is_brought_back(command: str) -> None:
    found = cause_of(replace(SEEN, command=command))

    assert found is not None
    assert "background" in found.text
    assert found.hint.startswith("write in the Procfile: web: ")


@pytest.mark.parametrize("command", ["a && b", "gunicorn app:app"])
def test_a_line_in_the_foreground_is_left_alone(command: str) -> None:
    assert cause_of(replace(SEEN, command=command)) is None


def test_a_500_that_django_keeps_to_itself_is_said() -> None:
    body = "<h1>Server Error (500)</h1>"

    found = cause_of(replace(SEEN, status=500, body=body, ended=False))

    assert found is not None
    assert "no traceback" in found.text


def test_tables_that_the_repos_own_command_creates_are_created_by_it() -> None:
    """Never by a `release:` line: Flask's tutorial drops them first."""
    output = "sqlite3.OperationalError: no such table: post\n"
    facts = RepoFacts(creates="flask --app flaskr init-db")

    found = cause_of(replace(SEEN, output=output, facts=facts))

    assert found is not None
    assert found.hint == f"pushdeploy run --app {SEEN.app} flask --app flaskr init-db"


def test_the_page_lists_every_cause() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "troubleshooting.md"
    section = page.read_text().partition("### What the last lines say")[2].partition("\n### ")[0]

    rows = re.findall(r"^\| ([a-z0-9 -]+) \| [A-Z`]", section, re.MULTILINE)

    assert rows == [rule.name for rule in RULES]
