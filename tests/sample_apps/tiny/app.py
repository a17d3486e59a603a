"""The smallest app that says which release answered, as a plain WSGI callable."""

import errno
import json
import os
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs

HERE = Path(__file__).resolve().parent
# Read once: the answer names the code that this process loaded, not what lies on disk now.
VERSION = (HERE / "VERSION").read_text().strip()


def home(environ):
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    return f"v={VERSION} release={release} pid={os.getpid()}\n"


def slow(environ):
    query = parse_qs(environ.get("QUERY_STRING", ""))
    time.sleep(float(query.get("s", ["2"])[0]))
    return home(environ)


def env(environ):
    return json.dumps(dict(os.environ), indent=1, sort_keys=True) + "\n"


def echo(environ):
    body = environ["wsgi.input"].read()
    return f"length={len(body)}\n".encode() + body


def headers(environ):
    found = {
        key.removeprefix("HTTP_").replace("_", "-").title(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    found["REMOTE_ADDR"] = environ.get("REMOTE_ADDR", "")
    found["wsgi.url_scheme"] = environ["wsgi.url_scheme"]
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def write(environ):
    try:
        (HERE / "written.txt").write_text("this must not work\n")
    except OSError as error:
        return f"errno={error.errno} {errno.errorcode.get(error.errno, '')}\n"
    return "written\n"


ROUTES = {
    "/": home,
    "/slow": slow,
    "/env": env,
    "/echo": echo,
    "/headers": headers,
    "/write": write,
}


def app(environ, start_response):
    route = ROUTES.get(environ["PATH_INFO"])
    status = HTTPStatus.OK if route else HTTPStatus.NOT_FOUND
    body = route(environ) if route else "not found\n"
    content = body.encode() if isinstance(body, str) else body
    kind = "application/json" if route in (env, headers) else "text/plain; charset=utf-8"
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", kind), ("Content-Length", str(len(content)))],
    )
    return [content]
