"""A failed push ends with why, and with the one command that helps.

Many small apps that fail, each pushed to the same server.
"""

import pytest

from tests.host.host import Host
from tests.host.story import Site, last_words

SERVES = "def app(environ, start):\n    start('200 OK', [])\n    return [b'well']\n"
PROCFILE = "web: gunicorn app:app\n"
REQUIREMENTS = "gunicorn\n"
DJANGO = {
    "requirements.txt": "gunicorn\ndjango\n",
    "Procfile": "web: gunicorn blog.wsgi\n",
    "manage.py": (
        "import os, sys\n"
        "from django.core.management import execute_from_command_line\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'blog.settings'\n"
        "execute_from_command_line(sys.argv)\n"
    ),
    "blog/__init__.py": "",
    "blog/urls.py": "urlpatterns = []\n",
    "blog/wsgi.py": (
        "import os\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'blog.settings'\n"
        "application = get_wsgi_application()\n"
    ),
    "blog/settings.py": (
        "import os\n"
        "SECRET_KEY = 'x'\n"
        "ROOT_URLCONF = 'blog.urls'\n"
        "MIDDLEWARE = ['django.middleware.common.CommonMiddleware']\n"
        "ALLOWED_HOSTS = os.environ.get('ALLOWED_HOSTS', '').split(',')\n"
    ),
}
LISTENS = (
    "from http.server import HTTPServer, BaseHTTPRequestHandler\n"
    "HTTPServer(('127.0.0.1', 5000), BaseHTTPRequestHandler).serve_forever()\n"
)

FAILS = {
    "a config var": (
        {"app.py": f"import os\nKEY = os.environ['SECRET_KEY']\n{SERVES}"},
        "The app needs the config var `SECRET_KEY`, which is not set.",
        "config:set SECRET_KEY=$(openssl rand -hex 32) --app ",
    ),
    "a module": (
        {"app.py": f"import yaml\n{SERVES}"},
        "`yaml` can't be imported",
        "add pyyaml to the dependencies, commit, and push again",
    ),
    "a module for development": (
        {"app.py": f"import yaml\n{SERVES}", "requirements-dev.txt": "PyYAML\n"},
        "`pyyaml` is there for development only",
        "move pyyaml to the dependencies of the app, commit, and push again",
    ),
    "a name": (
        {"app.py": SERVES.replace("def app", "def application")},
        "`app` has no `app`; it has `application`.",
        "write in the Procfile: web: gunicorn app:application",
    ),
    "a port": (
        {"app.py": LISTENS, "Procfile": "web: python app.py\n", "app.json": "{}"},
        "web listens on port 5000, and not on `$PORT`.",
        "PORT instead of",
    ),
    "a host": (
        DJANGO,
        "Django refuses requests for `localhost`, which is not in ALLOWED_HOSTS.",
        "config:set ALLOWED_HOSTS=localhost,SERVER --app ",
    ),
    "a database file": (
        {
            "app.py": f"import sqlite3 as s\ns.connect('data/blog.db').execute('vacuum')\n{SERVES}",
            "data/.keep": "",
        },
        "SQLite's `data/blog.db` lies in the code, which is read-only.",
        "storage:add data/ --app ",
    ),
    "a database": (
        {"app.py": f"import asyncio as a\na.run(a.open_connection('127.0.0.1', 5432))\n{SERVES}"},
        "The app looks for PostgreSQL on this server",
        "pg:create --app ",
    ),
    "the background": (
        {"app.py": SERVES, "Procfile": "web: gunicorn app:app &\n"},
        "The line sends the server to the background and ends",
        "write in the Procfile: web: gunicorn app:app",
    ),
    "a mode": (
        {
            "app.py": SERVES,
            "start.sh": "#!/bin/sh\nexec gunicorn app:app\n",
            "Procfile": "web: ./start.sh\n",
        },
        "`start.sh` may not be executed: git has it without its x bit.",
        "git update-index --chmod=+x start.sh, commit, and push again",
    ),
    "the release command": (
        {
            "app.py": SERVES,
            "Procfile": f"{PROCFILE}release: python -c \"open('state.txt', 'w')\"\n",
        },
        "The code is read-only to the app",
        "have the app use instance/state.txt, then: ssh deploy@",
    ),
    "a worker": (
        {
            "app.py": SERVES,
            "work.py": "import os\nos.environ['QUEUE_URL']\n",
            "Procfile": f"{PROCFILE}worker: python work.py\n",
        },
        "The app needs the config var `QUEUE_URL`, which is not set.",
        "config:set QUEUE_URL=VALUE --app ",
    ),
}


@pytest.mark.parametrize("what", FAILS)
def test_a_failed_push_says_why_and_what_to_type(host: Host, site: Site, what: str) -> None:
    files, why, hint = FAILS[what]
    site.change({"requirements.txt": REQUIREMENTS, "Procfile": PROCFILE, **files})

    push = site.push()

    assert push.exit_status == 1
    said = " ".join(push.output.replace("remote:  !", " ").split())
    assert why in said, push.output
    assert "Failed: " in last_words(push)
    assert hint in said.rpartition("Next: ")[2], push.output
