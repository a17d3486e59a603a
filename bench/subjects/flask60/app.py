"""A Flask app with a page, a template and a database, whose first page says which version it is."""

import os
import sqlite3
import time
from pathlib import Path

from flask import Flask, Response, render_template, request

HERE = Path(__file__).resolve().parent
VERSION = (HERE / "VERSION").read_text().strip()

app = Flask(__name__)


@app.get("/")
def home() -> Response:
    """The version, by the template engine and the database, as a small page has it."""
    with sqlite3.connect(":memory:") as database:
        (version,) = database.execute("SELECT ?", (VERSION,)).fetchone()
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    text = render_template("home.txt", version=version, release=release, pid=os.getpid())
    return Response(text + "\n", mimetype="text/plain")


@app.get("/slow")
def slow() -> Response:
    """The same after some seconds."""
    time.sleep(float(request.args.get("s", "2")))
    return home()
