"""Who may send the form: only who was shown it, and who knows the password when there is one."""

import os
import secrets

from flask import request, session


def token() -> str:
    """The token in this visitor's form. It lives in the signed cookie, so it survives a deploy."""
    if "form" not in session:
        session["form"] = secrets.token_urlsafe(32)
    return session["form"]


def asks_password() -> bool:
    """True when `$BLOG_PASSWORD` is set; without it everybody who can open the page may write."""
    return bool(os.environ.get("BLOG_PASSWORD"))


def problems() -> dict[str, str]:
    """What is wrong with the sender of this request, by field."""
    found = {}
    if not same(request.form.get("token", ""), session.get("form", "")):
        found["form"] = "This form was too old or came from another site. Please send it again."
    password = os.environ.get("BLOG_PASSWORD", "")
    if password and not same(request.form.get("password", ""), password):
        found["password"] = "This is not the password."  # noqa: S105
    return found


def same(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing; nothing equals an empty expectation."""
    return bool(expected) and secrets.compare_digest(given.encode(), expected.encode())
