"""The Python packages that a host without a network installs from."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.host import cache, image, processes

CHECKOUT = Path(__file__).resolve().parents[2]

# The Python that the next upgrade of the system brings; its packages are there too.
LATER = {"bookworm": ("3.13",)}

# What the tests' apps ask for, and what building our own package asks for.
APPS = (
    *("flask", "gunicorn", "httpbin", "uvicorn", "starlette", "waitress"),
    *("django", "sqlalchemy", "flask-sqlalchemy", "websockets"),
    *("daphne", "granian", "hypercorn"),
)
# For the Python of the suite alone: large, and asked for by few tests.
FRAMEWORKS = ("dash", "datasette", "fastapi", "gevent", "honcho", "pyuwsgi", "streamlit")
# The same: what reads `DATABASE_URL` and `REDIS_URL`.
DATABASES = (
    *(
        "dj-database-url",
        "django-environ",
        "psycopg[binary]",
        "psycopg2-binary",
        "asyncpg",
        "greenlet",
    ),
    *("redis", "django-redis", "rq", "celery", "pymysql"),
)
BUILDS = (
    *("hatchling", "editables", "pip", "setuptools", "wheel"),
    *("pdm-backend", "flit-core", "poetry-core"),
)

# Published as source only; all of them are pure Python, so a wheel made here fits every host.
SOURCES = ("flasgger",)

# Beside the newest of the same name, for apps that pin them.
OLD = ("gunicorn==20.1.0", "setuptools==80.9.0", "bottle==0.13.3")

# What reads the locks of other tools.
EXPORTERS = tuple(sorted((CHECKOUT / "templates" / "exporters").glob("*.txt")))

DOWNLOAD_TIMEOUT_SECONDS = 900.0


def build(suite: str) -> Path:
    """A folder of wheels for the Python of this suite, and for those that come after it there."""
    pythons = (image.python(suite), *LATER.get(suite, ()))
    lock = CHECKOUT / "requirements.lock"
    texts = (lock.read_text(), *(path.read_text() for path in EXPORTERS))
    name = cache.key(*pythons, *texts, *APPS, *FRAMEWORKS, *DATABASES, *BUILDS, *SOURCES, *OLD)
    return cache.made(f"wheels-{pythons[0]}-{name}", lambda target: _fill(pythons, lock, target))


def _fill(pythons: Sequence[str], lock: Path, target: Path) -> None:
    sys.stderr.write(f"Fetching wheels for Python {', '.join(pythons)} (kept for the next time)\n")
    target.mkdir(parents=True)
    _pip("wheel", "--use-pep517", "--no-deps", f"--wheel-dir={target}", *SOURCES)
    for python in pythons:
        _download(python, lock, target)
    _frameworks(pythons[0], target)


def _download(python: str, lock: Path, target: Path) -> None:
    pins = target / "requirements.txt"
    pins.write_text(_resolve(python, target, "\n".join((*APPS, *BUILDS))))
    wanted = ("download", "--no-deps", "--only-binary=:all:", f"--python-version={python}")
    places = (f"--dest={target}", f"--find-links={target}")
    _pip(*wanted, *places, f"--requirement={lock}", "--require-hashes")
    _pip(*wanted, *places, f"--requirement={pins}")
    for listed in EXPORTERS:
        chosen = target / listed.name
        chosen.write_text(_resolve(python, target, listed.read_text(), "--no-deps"))
        _pip(*wanted, *places, f"--requirement={chosen}")
    for old in OLD:
        _pip(*wanted, *places, old)


def _frameworks(python: str, target: Path) -> None:
    chosen = target / "frameworks.txt"
    chosen.write_text(_resolve(python, target, "\n".join((*FRAMEWORKS, *DATABASES))))
    _pip(
        *("download", "--no-deps", "--only-binary=:all:", f"--python-version={python}"),
        *(f"--dest={target}", f"--find-links={target}", f"--requirement={chosen}"),
    )


def _resolve(python: str, wheels: Path, wanted: str, *more: str) -> str:
    """One `name==version` line per package; uv, since pip reads markers for its own Python."""
    options = (f"--python-version={python}", "--only-binary=:all:", f"--find-links={wheels}")
    resolved = processes.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "-",
            *options,
            *more,
            "--no-annotate",
            "--no-header",
        ],
        stdin=wanted,
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
    )
    return resolved.stdout


def _pip(*arguments: str) -> None:
    processes.run(
        [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"],
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
    )
