"""The pages that people read."""

import re
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blog import form, per_request, posts

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> str:
    """The list of posts, newest first."""
    before = request.args.get("before", posts.LARGEST_NUMBER, type=int)
    found, more = posts.page(per_request.connection(), before)
    return render_template("index.html", posts=found, more=more)


@blueprint.get(f"/posts/<int(max={posts.LARGEST_NUMBER}):number>")
def post(number: int) -> str:
    """One post."""
    found = posts.find(per_request.connection(), number)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("post.html", post=found)


@blueprint.get("/write")
def write() -> str:
    """An empty form."""
    return write_page(posts.Draft(), {})


@blueprint.post("/write")
def publish() -> Response | tuple[str, int]:
    """Publish what the form holds; otherwise show it again, with nothing typed lost."""
    draft = posts.Draft.typed(request.form.get("title", ""), request.form.get("body", ""))
    if problems := form.problems() | draft.problems():
        return write_page(draft, problems), HTTPStatus.BAD_REQUEST
    number = posts.publish(per_request.connection(), draft)
    return redirect(url_for("pages.post", number=number), HTTPStatus.SEE_OTHER)


def write_page(draft: posts.Draft, problems: dict[str, str]) -> str:
    """The form, filled in."""
    return render_template(
        "write.html",
        draft=draft,
        problems=problems,
        token=form.token(),
        asks_password=form.asks_password(),
        longest_title=posts.LONGEST_TITLE,
        longest_body=posts.LONGEST_BODY,
    )


def day(moment: str) -> str:
    """`2026-11-22T17:40:56Z` as `22 November 2026`."""
    when = datetime.fromisoformat(moment)
    return f"{when.day} {when:%B %Y}"


def paragraphs(text: str) -> list[str]:
    """Text cut at its empty lines."""
    return re.split(r"\n{2,}", text)
