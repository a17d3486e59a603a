"""The web process."""

from pathlib import Path

from flask import Flask, Response

from blog import errors, pages, per_request, probes, release, secret
from blog.database import CODE

LARGEST_REQUEST_BYTES = 256 * 1024

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app() -> Flask:
    """Put the app together."""
    app = Flask(__name__, root_path=str(CODE), instance_path=str(CODE / "instance"))
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        SECRET_KEY=secret.key(Path(app.instance_path)),
        # Cookies know no ports, and another app may answer on the next one.
        SESSION_COOKIE_NAME="blog_session",
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(probes.blueprint)
    app.register_error_handler(Exception, errors.page)
    app.teardown_appcontext(per_request.close)
    app.after_request(add_security_headers)
    app.add_template_filter(pages.day)
    app.add_template_filter(pages.paragraphs)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["release"] = release.current()
    return app


def add_security_headers(response: Response) -> Response:
    """Let the pages load nothing from elsewhere, and nobody frame them."""
    response.headers.update(SECURITY_HEADERS)
    return response
