"""An app's name, and the names on the server that are made from it."""

from __future__ import annotations

import re

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

LONGEST_NAME = 29
"""Characters: `pd-` and the name must fit the 32 of a Linux user name (useradd(8))."""

RESERVED = {
    "front": "its user would be the one that all fronts run as",
    "supervisord": "its folder would be supervisord's own",
}
"""Names that are ours already, where each app has a user or a folder of its name; and why not."""

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,27}[a-z0-9])?")


def parse_app_name(text: str) -> str:
    """The text itself, when it is an app's name; it is never changed to fit.

    Args:
        text: `[a-z]([a-z0-9-]{0,27}[a-z0-9])?`, such as `blog` or `my-blog`.

    Raises:
        UsageError: It is not a name, or one of ours; the hint offers one that is close to it.
    """
    if _NAME.fullmatch(text) and text not in RESERVED:
        return text
    if not text:
        raise UsageError(
            "the app's name is empty",
            hint="name the app, for example `blog`",
        )
    raise UsageError(
        f"{quoted(text)} can't be an app's name: {_complaint(text)}",
        hint=f"use a name such as `{_suggestion(text)}`",
    )


def unit_prefix(app: str) -> str:
    """`pushdeploy-my_blog` for `my-blog`: where the name of each of the app's units begins.

    Systemd reads `-` in a slice's name as hierarchy, so the app's own dashes become `_`, which no
    app's name holds: two apps never share a prefix (systemd.slice(5)).
    """
    return "pushdeploy-" + app.replace("-", "_")


def app_user(app: str) -> str:
    """`pd-my-blog`: the user that runs the app."""
    return f"pd-{app}"


def build_user(app: str) -> str:
    """`pb-my-blog`: the user that builds the app's venv."""
    return f"pb-{app}"


def _complaint(text: str) -> str:
    if re.search(r"[^a-z0-9-]", text):
        return "it may contain only a-z, 0-9 and `-`"
    if len(text) > LONGEST_NAME:
        return f"it has {len(text)} characters, the maximum is {LONGEST_NAME}"
    if text.endswith("-"):
        return "it may not end with `-`"
    if text in RESERVED:
        return RESERVED[text]
    return "it must begin with a letter"


def _suggestion(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")
    name = plain[:LONGEST_NAME].strip("-") or "blog"
    return f"{name}-app" if name in RESERVED else name
