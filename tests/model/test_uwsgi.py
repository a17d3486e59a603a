"""uWSGI's children are workers, but for a router; the first process is one, but for a master."""

from __future__ import annotations

import shlex

import pytest

from pushdeploy.model.uwsgi import is_uwsgi, uwsgi_workers


@pytest.mark.parametrize(
    ("line", "children", "workers"),
    [
        ("uwsgi --http 127.0.0.1:1 --module app:app --master --processes 2", 3, 2),
        ("uwsgi --http=127.0.0.1:1 -w app:app", 1, 1),
        ("/venv/bin/python /venv/bin/uwsgi --http-socket 127.0.0.1:1 -w app:app -p 3", 2, 3),
        ("uwsgi --http-socket 127.0.0.1:1 -w app:app", 0, 1),
        ("uwsgi --http-socket 127.0.0.1:1 -w app:app -M -p 4", 4, 4),
        ("uwsgi --ini uwsgi.ini", 5, None),
        ("uwsgi uwsgi.yaml", 5, None),
        ("uwsgi --http :1 -w app:app --mule", 2, None),
    ],
)
def test_the_workers_of_uwsgi_are_counted(line: str, children: int, workers: int | None) -> None:
    words = shlex.split(line)

    assert is_uwsgi(words)
    assert uwsgi_workers(words, children) == workers


def test_another_server_is_not_uwsgi() -> None:
    assert not is_uwsgi(["python", "gunicorn", "uwsgi:app"])
