"""Accepts and never answers."""

import time

FOREVER = 1_000_000


def app(environ, start_response):
    time.sleep(FOREVER)
    return []
