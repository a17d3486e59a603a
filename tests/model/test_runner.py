"""A command begins with the app's own program, whatever was to run it on the laptop."""

from __future__ import annotations

import pytest

from pushdeploy.model.runner import without_runner


@pytest.mark.parametrize(
    ("command", "plain"),
    [
        ("uv run gunicorn app:app", "gunicorn app:app"),
        ("uv run --frozen --no-dev gunicorn app:app -w 2", "gunicorn app:app -w 2"),
        ("uv run --package web --python 3.12 -- uvicorn a:b", "uvicorn a:b"),
        ("uv run app.py --port $PORT", "python app.py --port $PORT"),
        ("uv run -m flask run", "python -m flask run"),
        ("poetry run gunicorn app:app", "gunicorn app:app"),
        ("pipenv run python manage.py migrate", "python manage.py migrate"),
        ("pdm run celery -A a worker", "celery -A a worker"),
        ("exec uv run gunicorn app:app", "exec gunicorn app:app"),
        (
            "cd src && uv run alembic upgrade head && uv run gunicorn a:b",
            "cd src && alembic upgrade head && gunicorn a:b",
        ),
    ],
)
def test_a_runner_before_a_command_is_left_out(command: str, plain: str) -> None:
    assert without_runner(command) == plain


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn app:app",
        "uv run --with rich python app.py",
        "uv run --env-file .env app.py",
        "uv sync && true",
        "echo uv run a",
        "./uv run a",
        "bash -c 'uv run a'",
        "uv run",
        "poetry install",
    ],
)
def test_what_says_more_stays_as_it_is(command: str) -> None:
    assert without_runner(command) == command
