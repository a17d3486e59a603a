"""Answers 500 on / with what looks like a traceback, and 200 elsewhere."""

import sys

TRACEBACK = """Traceback (most recent call last):
  File "app.py", line 12, in home
    return totals["orders"]
KeyError: 'orders'
"""


def app(environ, start_response):
    broken = environ["PATH_INFO"] == "/"
    if broken:
        print(TRACEBACK, end="", file=sys.stderr, flush=True)
    body = TRACEBACK if broken else "ok\n"
    status = "500 Internal Server Error" if broken else "200 OK"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body.encode()]
