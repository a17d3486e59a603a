"""Says which version it is, and what is installed beside it."""

import importlib
import json
import os
from importlib import metadata
from pathlib import Path

VERSION = Path(__file__).with_name("VERSION").read_text().strip()


def own():
    """Where the project itself was imported from, when it is installed."""
    try:
        return importlib.import_module("shop").__file__
    except ModuleNotFoundError:
        return None


def app(environ, start_response):
    if environ["PATH_INFO"] == "/":
        body = f"v={VERSION} release={os.environ['PUSHDEPLOY_RELEASE']} "
    else:
        found = {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}
        body = json.dumps({"packages": found, "own": own()})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body.encode()]
