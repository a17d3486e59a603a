"""Says which release answered, once it is let."""

import os
from pathlib import Path

import gate

VERSION = Path("VERSION").read_text().strip()
gate.wait("hold-web")


def app(environ, start_response):
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    body = f"v={VERSION} release={release} pid={os.getpid()}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
