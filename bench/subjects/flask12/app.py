"""A Flask app on SQLAlchemy, a dozen packages in all, whose first page says which version it is."""

import os
import time
from pathlib import Path

from flask import Flask, Response, render_template, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

HERE = Path(__file__).resolve().parent
VERSION = (HERE / "VERSION").read_text().strip()

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///:memory:"
database = SQLAlchemy(app)


@app.get("/")
def home() -> Response:
    """The version, by the template engine and the database, as a small page has it."""
    version = database.session.execute(text("SELECT :version"), {"version": VERSION}).scalar_one()
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    page = render_template("home.txt", version=version, release=release, pid=os.getpid())
    return Response(page + "\n", mimetype="text/plain")


@app.get("/slow")
def slow() -> Response:
    """The same after some seconds."""
    time.sleep(float(request.args.get("s", "2")))
    return home()
