"""Files of other platforms are read where it is cheap, and named where not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.database import Database
from pushdeploy.model.platform_files import FILES, passed_over, start_command, wanted_databases

HEROKU_YML = "build:\n  docker:\n    web: Dockerfile\nrun:\n  worker: x\n  web: gunicorn app:app\n"
RENDER_WORKER_FIRST = """\
databases:
  - name: db
services:
  - type: worker
    startCommand: celery --app tasks worker
    envVars:
      - key: X
        fromService:
          type: redis
  - name: app
    type: web
    startCommand: gunicorn app:app
  - type: web
    startCommand: celery flower
"""
RENDER = "services:\n  - type: web\n    startCommand: 'gunicorn app:app'\n"


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("railway.json", '{"deploy": {"startCommand": "gunicorn a:b"}}', "gunicorn a:b"),
        ("railway.toml", '[deploy]\nstartCommand = "gunicorn a:b"\n', "gunicorn a:b"),
        ("nixpacks.toml", '[start]\ncmd = "gunicorn a:b"\n', "gunicorn a:b"),
        ("fly.toml", '[processes]\napp = "gunicorn a:b"\n', "gunicorn a:b"),
        ("heroku.yml", HEROKU_YML, "gunicorn app:app"),
        ("render.yaml", RENDER, "gunicorn app:app"),
        ("render.yaml", RENDER_WORKER_FIRST, "gunicorn app:app"),
        ("render.yaml", "services:\n- type: worker\n  startCommand: celery\n", None),
        ("render.yaml", "startCommand: |\n  gunicorn app:app\n", None),
        ("heroku.yml", "build:\n  web: Dockerfile\n", None),
        ("railway.json", "[1", None),
        ("railway.json", '{"deploy": {"startCommand": 7}}', None),
        ("nixpacks.toml", "[start", None),
        ("Dockerfile", "CMD gunicorn app:app\n", None),
    ],
)
def test_a_start_command_is_read(file: str, text: str, command: str | None) -> None:
    found = start_command({file: text}.get)

    assert found == (None if command is None else (command, file))


POSTGRES_AND_REDIS = (Database.POSTGRES, Database.REDIS)


@pytest.mark.parametrize(
    ("addons", "wanted"),
    [
        ('["heroku-postgresql"]', (Database.POSTGRES,)),
        ('["heroku-redis:mini", {"plan": "heroku-postgresql:essential-0"}]', POSTGRES_AND_REDIS),
        ('["jawsdb:kitefin"]', (Database.MYSQL,)),
        ('[{"plan": 7}, 7, {}, "papertrail"]', ()),
        ('{"heroku-redis": {}}', ()),
        ("7", ()),
    ],
)
def test_addons_that_the_server_has_itself_are_known(
    addons: str, wanted: tuple[Database, ...]
) -> None:
    assert wanted_databases(f'{{"addons": {addons}}}') == wanted


def test_what_is_not_used_is_named() -> None:
    names = ["app.py", "fly.toml", "Dockerfile", "deep/Dockerfile"]

    found = passed_over(names, '{"addons": ["x"], "buildpacks": [], "env": {}}', used="fly.toml")

    assert found == ("Dockerfile", "addons in app.json")
    assert passed_over(["app.py"], "") == ()
    scripts = '{"scripts": {"pr-predestroy": "python x.py", "dokku": {"predeploy": "true"}}}'
    assert passed_over(["app.json"], scripts) == ("scripts.pr-predestroy in app.json",)
    assert passed_over(["app.json"], '{"scripts": ["pr-predestroy"]}') == ()


@given(st.sampled_from(FILES), st.text())
def test_any_text_is_read_or_passed_over(file: str, text: str) -> None:
    found = start_command({file: text}.get)

    assert found is None or "\n" not in found[0]
    assert passed_over([file], text) is not None
