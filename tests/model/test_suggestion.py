"""A tree without a Procfile is offered the line that fits it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.procfile import parse_procfile
from pushdeploy.model.suggestion import suggest_procfile

UVICORN = "--host 127.0.0.1 --port $PORT"


@pytest.mark.parametrize(
    ("names", "requirements", "line"),
    [
        (["app.py"], "flask\ngunicorn", "web: gunicorn app:app"),
        (["app.py", "wsgi.py"], "flask", "web: gunicorn wsgi:app"),
        (["main.py"], "flask", "web: gunicorn main:app"),
        (["manage.py", "mysite/wsgi.py"], "Django==5.2", "web: gunicorn mysite.wsgi"),
        (["manage.py", "a-b/wsgi.py", "c/d/wsgi.py"], "django", "web: gunicorn <package>.wsgi"),
        (["manage.py", "mysite/wsgi.py"], "django\nuvicorn", "web: gunicorn mysite.wsgi"),
        (["main.py"], "fastapi[standard]", f"web: uvicorn main:app {UVICORN}"),
        (["app.py"], "starlette", f"web: uvicorn app:app {UVICORN}"),
        (["app/main.py"], "fastapi", f"web: uvicorn app.main:app {UVICORN}"),
        (["x.py"], "uvicorn", f"web: uvicorn main:app {UVICORN}"),
        (["blog/wsgi.py"], "flask", "web: gunicorn blog.wsgi:app"),
        (["index.html"], "", "web: gunicorn <module>:<app>"),
        ([], "", "web: gunicorn <module>:<app>"),
    ],
)
def test_the_suggestion_fits_the_tree(names: list[str], requirements: str, line: str) -> None:
    assert suggest_procfile(names, requirements) == line


@given(st.lists(st.text()), st.text())
def test_every_suggestion_is_a_procfile(names: list[str], requirements: str) -> None:
    assert parse_procfile(suggest_procfile(names, requirements)).web.command
