"""Says which release answers."""

import os


def answer(environ, start_response):
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    body = f"v=1 release={release} pid={os.getpid()}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
