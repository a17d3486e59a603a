"""A command that starts a server that takes a socket is told from one that only names it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.web_server import SERVERS, fixed_workers, runs_script, web_server


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn app:app",
        "gunicorn -w 4 -b 0.0.0.0:8000 app:app",
        "exec gunicorn app:app",
        "python -m gunicorn app:app",
        "python3 -Xdev -m gunicorn app:app",
        "python -mgunicorn app:app",
        "python -m gunicorn.app.wsgiapp app:app",
        "cd src && gunicorn app:app",
        "cd src&&gunicorn app:app",
        "(cd src; gunicorn app:app)",
        "/opt/venv/bin/gunicorn app:app",
        "./bin/gunicorn app:app",
        "FLASK_ENV=x A='b c' gunicorn app:app",
        "env A=1 gunicorn app:app",
        "opentelemetry-instrument gunicorn app:app",
        "opentelemetry-instrument --traces_exporter console gunicorn app:app",
        "ddtrace-run gunicorn app:app",
        "newrelic-admin run-program gunicorn app:app",
        "uv run --no-sync gunicorn app:app",
        "uv run -- gunicorn app:app",
        "echo starting gunicorn; gunicorn app:app",
        "python manage.py migrate && gunicorn site.wsgi",
        "gunicorn -k uvicorn.workers.UvicornWorker main:app",
        "gunicorn --bind=0.0.0.0:${PORT:-8000} app:app",
        'bash -c "exec gunicorn app:app"',
        "sh -c 'cd src && gunicorn app:app'",
        "bash -lc 'gunicorn app:app'",
        "$(which gunicorn) app:app",
        "gunicorn app:app | tee /tmp/log",
        "gunicorn app:app # don't touch",
        "gunicorn app:app --name '#1'",
    ],
)
def test_a_command_that_starts_gunicorn_is_seen(command: str) -> None:
    assert web_server(command) == "gunicorn"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "echo my-gunicorn-notes",
        "echo gunicorn",
        "printf 'gunicorn %s' x",
        "uvicorn main:app --host 127.0.0.1 --port $PORT",
        "uvicorn main:app --log-name gunicorn",
        "python -m uvicorn gunicorn:app",
        "uvicorn main:app # was gunicorn app:app",
        "uvicorn main:app # don't use gunicorn",
        "pkill gunicorn; waitress-serve app:app",
        "python gunicorn_notes.py",
        "./gunicorn.sh",
        "gunicornish app:app",
        "python -m my.gunicorn",
        'bash -c "echo gunicorn"',
        "bash start.sh gunicorn",
        "GUNICORN=gunicorn python app.py",
    ],
)
def test_a_command_that_only_names_gunicorn_is_not(command: str) -> None:
    assert web_server(command) != "gunicorn"


@pytest.mark.parametrize(
    ("command", "server"),
    [
        ("uvicorn app:app --host 0.0.0.0 --port $PORT", "uvicorn"),
        ("exec uvicorn main:app --port ${PORT:-8000} --workers 2", "uvicorn"),
        ("python -m uvicorn main:app", "uvicorn"),
        ("cd src && python3 -muvicorn main:app", "uvicorn"),
        ("uvicorn main:app --log-name gunicorn", "uvicorn"),
        ("fastapi run main.py --port $PORT", "uvicorn"),
        ("hypercorn -b 0.0.0.0:$PORT app:app", "hypercorn"),
        ("python -m hypercorn app:app", "hypercorn"),
        ("granian --interface asgi --host 0.0.0.0 --port $PORT app:app", "granian"),
        ("uv run granian app:app", "granian"),
        ("daphne -b 0.0.0.0 -p $PORT site.asgi:application", "daphne"),
        ("python manage.py migrate && daphne site.asgi:application", "daphne"),
        ("waitress-serve --port=$PORT app:app", "waitress"),
        ("python -m waitress --listen=*:$PORT app:app", "waitress"),
        ("bash -c 'exec waitress-serve --port=$PORT app:app'", "waitress"),
        ("waitress-serve app:app # don't use gunicorn", "waitress"),
        ("gunicorn -k uvicorn.workers.UvicornWorker main:app", "gunicorn"),
        ("python app.py", None),
        ("python main.py --server uvicorn.run", None),
        ("flask run --host 0.0.0.0 --port $PORT", None),
        ("node uvicorn", None),
        ("echo daphne", None),
        ("streamlit run app.py --server.port $PORT", None),
        ("celery -A site worker", None),
    ],
)
def test_the_server_that_a_command_starts_is_seen(command: str, server: str | None) -> None:
    assert web_server(command) == server


@given(st.text())
def test_no_command_makes_it_fail(command: str) -> None:
    assert web_server(command) in {*SERVERS.values(), None}


@given(st.text(alphabet="\"'\\ #;&|()$gunicorn-c sh"))
def test_no_quoting_makes_it_fail(command: str) -> None:
    assert web_server(command) in {*SERVERS.values(), None}


@pytest.mark.parametrize(
    ("command", "workers"),
    [
        ("gunicorn app:app", None),
        ("gunicorn -w 2 app:app", 2),
        ("gunicorn -w2 app:app", 2),
        ("gunicorn --workers 3 app:app", 3),
        ("cd src && gunicorn --workers=4 app:app", 4),
        ("gunicorn app:app -w 2 --workers '5'", 5),
        ("gunicorn --worker-class gthread app:app", None),
        ("gunicorn -w $WEB_CONCURRENCY app:app", None),
        ("uvicorn app:app --workers 2", 2),
        ("uvicorn app:app", None),
        ("fastapi run --workers 3", 3),
        ("hypercorn app:app -b 0.0.0.0:$PORT -w 2", 2),
        ("hypercorn app:app", 1),
        ("granian --interface asgi --workers 2 app:app", 2),
        ("granian --workers $WEB_CONCURRENCY app:app", None),
        ("granian --workers=$WEB_CONCURRENCY app:app", None),
        ("granian --interface asgi app:app", 1),
        ("daphne app:app", 1),
        ("waitress-serve --threads=8 app:app", 1),
        ("python main.py --workers 2", None),
    ],
)
def test_the_number_of_workers_may_stand_in_the_line(command: str, workers: int | None) -> None:
    assert fixed_workers(command) == workers


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("python main.py", True),
        ("cd src && HOST=x python3.12 -u main.py", True),
        ("/opt/bin/python -m shop", True),
        ("python -m gunicorn app:app", False),
        ("gunicorn app:app", False),
        ("./start.sh", False),
        ("node python.js", False),
    ],
)
def test_a_script_of_python_may_start_any_server(command: str, *, script: bool) -> None:
    assert runs_script(command) is script
