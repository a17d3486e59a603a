"""What a person sees when something is wrong."""

from http import HTTPStatus

from flask import current_app, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

TEXTS = {
    HTTPStatus.NOT_FOUND: ("Not here", "There is no page at this address."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("Too long", "That was more than this blog takes."),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("Something broke", "It was our fault, and it is noted."),
}


def page(error: Exception) -> Response:
    """The page for an error; a redirect passes, and a bug is logged with its traceback."""
    if not isinstance(error, HTTPException):
        current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        error = InternalServerError()
    response = error.get_response()
    status = HTTPStatus(response.status_code)
    if status >= HTTPStatus.BAD_REQUEST:
        title, text = TEXTS.get(status, (status.phrase, status.description))
        response.data = render_template("error.html", status=status, title=title, text=text)
    return response
