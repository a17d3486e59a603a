"""Answers, unless a file in storage says otherwise."""

import time
from threading import Lock

import signs

signs.crash_if("crash-web")

SLOW_SECONDS = 20
lock = Lock()


def app(environ, start_response):
    if signs.there("deadlock"):
        with lock, lock:  # waits for itself, and all others for it
            pass
    with lock:
        pass
    if signs.there("slow"):
        time.sleep(SLOW_SECONDS)
    status = "500 Broken" if signs.there("broken") else "200 OK"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"fine\n"]
