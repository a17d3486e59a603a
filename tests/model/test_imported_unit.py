"""A service that somebody wrote by hand comes to the Procfile that does the same."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.imported_unit import EnvironmentFile, imported, merged
from pushdeploy.model.unit_file import parse_unit_file

TUTORIAL = """
[Unit]
Description=Gunicorn instance to serve blog
After=network.target

[Service]
User=ubuntu
Group=www-data
WorkingDirectory=/home/ubuntu/blog
Environment="PATH=/home/ubuntu/blog/venv/bin"
Environment="DEBUG=0" 'GREETING=hello world'
EnvironmentFile=-/home/ubuntu/blog/.env
ExecStartPre=/home/ubuntu/blog/venv/bin/python manage.py migrate
ExecStart=/home/ubuntu/blog/venv/bin/gunicorn --workers 3 --bind unix:blog.sock -m 007 wsgi:app

[Install]
WantedBy=multi-user.target
"""


def command_of(line: str, folder: str = "/srv/a") -> str:
    text = f"[Service]\nWorkingDirectory={folder}\nExecStart={line}\n"
    return imported("a.service", parse_unit_file(text)).command


def test_the_unit_of_the_usual_tutorial_is_taken_over() -> None:
    found = imported("blog.service", parse_unit_file(TUTORIAL))

    assert found.lines == (
        "release: python manage.py migrate",
        "web: gunicorn --workers 3 wsgi:app",
    )
    assert found.left_out == ("--bind unix:blog.sock", "-m 007")
    assert found.values == {"DEBUG": "0", "GREETING": "hello world"}
    assert found.skipped == ("PATH",)
    assert found.environment_files == (EnvironmentFile("/home/ubuntu/blog/.env", optional=True),)
    assert (found.folder, found.user) == ("/home/ubuntu/blog", "ubuntu")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/srv/a/venv/bin/gunicorn -b 0.0.0.0:8000 a:b", "gunicorn a:b"),
        ("/srv/a/venv/bin/gunicorn -b0.0.0.0:8000 a:b", "gunicorn a:b"),
        ("/srv/a/venv/bin/gunicorn --bind=:80 --daemon -p a.pid a:b", "gunicorn a:b"),
        ("/srv/a/venv/bin/gunicorn -c /srv/a/conf.py a:b", "gunicorn -c conf.py a:b"),
        ("/srv/a/venv/bin/python -m gunicorn -b :80 a:b", "python -m gunicorn a:b"),
        ("/usr/bin/uvicorn main:app --host 0.0.0.0 --port 80", "uvicorn main:app"),
        ("/usr/bin/uvicorn main:app --workers 2 --uds /run/a", "uvicorn main:app --workers 2"),
        ("/usr/bin/waitress-serve --listen=*:80 a:b", "waitress-serve a:b"),
        ("/usr/bin/daphne -b 0.0.0.0 -p 80 a:b", "daphne a:b"),
        ("-/usr/bin/python /srv/a/app.py --name 'a b'", "python app.py --name 'a b'"),
        ("@/usr/bin/python named app.py", "python app.py"),
        ("/usr/bin/env python app.py", "env python app.py"),
        ("/usr/bin/python app.py --share 50%%", "python app.py --share 50%"),
        ("/usr/bin/python app.py $ARGS ${NAME}.x $$5", 'python app.py $ARGS "${NAME}.x" "\\$5"'),
        ("/bin/bash -c 'exec gunicorn -b :80 a:b'", "bash -c 'exec gunicorn -b :80 a:b'"),
    ],
)
def test_a_command_is_what_a_procfile_needs(line: str, command: str) -> None:
    assert command_of(line) == command


@pytest.mark.parametrize(
    ("unit", "line", "process_type"),
    [
        ("a.service", "/v/bin/gunicorn a:b", "web"),
        ("a.service", "/v/bin/celery -A a worker", "worker"),
        ("a.service", "/v/bin/celery -A a beat", "beat"),
        ("a.service", "/v/bin/python -m rq worker", "worker"),
        ("a.service", "/v/bin/python app.py", "web"),
        ("a-worker.service", "/v/bin/python jobs.py", "worker"),
    ],
)
def test_the_process_type_follows_from_the_program(unit: str, line: str, process_type: str) -> None:
    assert imported(unit, parse_unit_file(f"[Service]\nExecStart={line}\n")).process_type == (
        process_type
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[Service]\nUser=a\n", "starts nothing"),
        ("[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n", "starts 2 commands"),
        ("[Service]\nExecStart=%h/venv/bin/gunicorn a:b\n", "only systemd knows what %h means"),
    ],
)
def test_what_only_systemd_can_tell_is_refused(text: str, message: str) -> None:
    with pytest.raises(RefusedInputError, match=message):
        imported("a.service", parse_unit_file(text))


def test_several_units_come_to_one_procfile() -> None:
    web = imported("blog.service", parse_unit_file(TUTORIAL))
    worker = imported(
        "blog-worker.service", parse_unit_file("[Service]\nExecStart=/v/bin/celery -A a worker\n")
    )

    assert merged([web, worker]) == (
        "release: python manage.py migrate",
        "web: gunicorn --workers 3 wsgi:app",
        "worker: celery -A a worker",
    )
    with pytest.raises(RefusedInputError, match="would both be `web:`"):
        merged([web, web])
