"""A repo without a Procfile is started by what its modules hold, which is read and never run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.procfile import parse_procfile
from pushdeploy.model.web_guess import Guess, guess_or_refuse, guess_web
from pushdeploy.model.web_object import LONGEST_MODULE, web_objects

UVICORN = "--host 127.0.0.1 --port $PORT"
STREAMLIT = "--server.port $PORT --server.address 127.0.0.1 --server.headless true"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "import fastapi\n\napi: fastapi.FastAPI = fastapi.FastAPI()\n"
FACTORY = """
from flask import Flask

def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    return app
"""
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n'
SETTINGS = 'WSGI_APPLICATION = "mysite.wsgi.application"\n'
DJANGO = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
OWN_WSGI = "def application(environ, start_response):\n    return []\n"
OWN_ASGI = "async def app(scope, receive, send):\n    pass\n"


def guess(files: dict[str, str], requirements: str = "") -> Guess | None:
    """The guess for a tree of texts."""
    return guess_web(files, files.get, requirements)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"app.py": FLASK}, "gunicorn app:app"),
        ({"hello.py": FLASK}, "gunicorn hello:app"),
        ({"wsgi.py": "from blog import app as application\n"}, "gunicorn wsgi:application"),
        ({"wsgi.py": OWN_WSGI}, "gunicorn wsgi:application"),
        ({"flaskr/__init__.py": FACTORY, "flaskr/db.py": ""}, "gunicorn 'flaskr:create_app()'"),
        (
            {"microblog.py": "from app import create_app\napp = create_app()\n"}
            | {"app/__init__.py": FACTORY},
            "gunicorn microblog:app",
        ),
        ({".flaskenv": "FLASK_APP=zoo.py\n", "abc.py": FLASK, "zoo.py": FLASK}, "gunicorn zoo:app"),
        ({"src/blog/__init__.py": FACTORY}, "gunicorn --pythonpath src 'blog:create_app()'"),
        ({"main.py": FASTAPI}, f"uvicorn main:api {UVICORN}"),
        ({"app/main.py": FASTAPI, "app/__init__.py": ""}, f"uvicorn app.main:api {UVICORN}"),
        ({"src/app/main.py": FASTAPI}, f"uvicorn app.main:api --app-dir src {UVICORN}"),
        ({"asgi.py": OWN_ASGI}, f"uvicorn asgi:app {UVICORN}"),
        (
            {"asgi.py": "from main import app\n", "main.py": FASTAPI},
            f"uvicorn asgi:app {UVICORN}",
        ),
        (
            {"manage.py": MANAGE, "mysite/settings.py": SETTINGS, "mysite/wsgi.py": DJANGO},
            "gunicorn mysite.wsgi:application",
        ),
        (
            {"web/manage.py": MANAGE, "web/mysite/settings.py": "", "web/mysite/wsgi.py": DJANGO},
            "gunicorn --chdir web mysite.wsgi:application",
        ),
        (
            {"manage.py": MANAGE, "mysite/settings/base.py": SETTINGS, "mysite/wsgi.py": DJANGO},
            "gunicorn mysite.wsgi:application",
        ),
        (
            {"app.py": "import dash\napp = dash.Dash()\nserver = app.server\n"},
            "gunicorn app:server",
        ),
        (
            {"home.py": "import streamlit as st\nst.title('x')\n"},
            f"streamlit run home.py {STREAMLIT}",
        ),
        ({"tests/app.py": FLASK, "server.py": f"try:\n  import x\nfinally:\n  {FLASK[24:]}"}, None),
        ({"app.py": "from celery import Celery\napp = Celery()\n"}, None),
        ({"app.py": "if __name__ == '__main__':\n    app = create_app()\n"}, None),
        ({"app.py": "def create_app(config):\n    return 1\n"}, None),
        ({"app.py": "app = Flask(\n"}, None),
        ({"index.html": ""}, None),
    ],
)
def test_the_line_starts_what_the_modules_hold(files: dict[str, str], command: str | None) -> None:
    found = guess(files)

    assert (found.command if found else None) == command


def test_what_the_module_does_not_show_the_packages_do() -> None:
    files = {"main.py": "from blog.web import app\n"}

    found, other = guess(files, "fastapi\n"), guess(files, "flask\n")

    assert found
    assert other
    assert found.command == f"uvicorn main:app {UVICORN}"
    assert other.command == "gunicorn main:app"


@pytest.mark.parametrize(
    "listed",
    [
        {"requirements.txt": "fastapi\n"},
        {"uv.lock": '[[package]]\nname = "fastapi"\n'},
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["fastapi"]\n'},
        {"Pipfile.lock": '{"default": {"fastapi": {}}}'},
    ],
)
def test_packages_are_known_whatever_lists_them(listed: dict[str, str]) -> None:
    files = {"app.py": "from blog.web import app\n", **listed}

    assert guess_or_refuse(files, files.get).command.startswith("uvicorn app:app")


def test_a_guess_says_what_it_found_and_where() -> None:
    assert guess({"flaskr/__init__.py": FACTORY}) == Guess(
        "gunicorn 'flaskr:create_app()'", "flaskr/__init__.py", "Flask"
    )


def test_a_module_that_is_too_long_or_too_deep_is_not_looked_into() -> None:
    assert web_objects(FLASK + "#" * LONGEST_MODULE) == ()
    assert web_objects(FLASK + "(" * 10_000) == ()
    assert web_objects(FLASK + "if a: pass\n" + "elif a: pass\n" * 2000) == ()


def test_modules_are_looked_into_up_to_a_length_of_all() -> None:
    files = {f"a{number:02}.py": "#" * LONGEST_MODULE for number in range(5)}

    assert guess({**files, "z.py": FLASK}) is None
    assert guess({**files, "app.py": FLASK}) is not None


@given(st.dictionaries(st.sampled_from(["app.py", "a/b.py", "manage.py", ".flaskenv"]), st.text()))
def test_every_guess_is_a_procfile(files: dict[str, str]) -> None:
    found = guess(files)

    assert found is None or parse_procfile(found.procfile).web.command == found.command
