"""What programs ask: is it well, and which release is it?"""

import sqlite3
from http import HTTPStatus

from flask import Blueprint, Response

from blog import database, per_request, release, schema

blueprint = Blueprint("probes", __name__)


@blueprint.get("/healthz")
def health() -> tuple[dict[str, str], int, dict[str, str]]:
    """Whether the database can be read and written, and has the tables that this code needs."""
    problem = database_problem()
    answer = {
        "status": "failing" if problem else "ok",
        "database": problem or "ok",
        **release.current()._asdict(),
    }
    answer["release"] = answer.pop("name")
    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
    return answer, status, {"Cache-Control": "no-store"}


@blueprint.get("/version")
def version() -> Response:
    """One line: the release and its commit."""
    found = release.current()
    return Response(f"{found.name} {found.commit}\n", mimetype="text/plain")


def database_problem() -> str:
    """What keeps the database from working; empty when nothing does."""
    try:
        connection = per_request.connection()
        with database.write(connection):
            missing = schema.missing(connection)
    except sqlite3.Error as error:
        return str(error)
    return f"lacks {', '.join(missing)}: run `python -m blog.schema`" if missing else ""
