"""Causes that lie in the age of the code or of a package: what it calls has changed since."""

from __future__ import annotations

from pushdeploy.model.cause import Cause, Evidence
from pushdeploy.model.outgrown import last_known
from pushdeploy.model.python_version import PYTHON_VERSION

_TEMPLATE_RESPONSE = ("in TemplateResponse\n", "TypeError: unhashable type: 'dict'")


def outgrown(seen: Evidence) -> Cause | None:
    """A package is older than the Python, in which something that it uses is no more."""
    last = last_known(seen.output)
    if not last:
        return None
    return Cause(
        f"A package is too old for this Python; it was made for Python 3.{last} and older.",
        f"echo 3.{last} > {PYTHON_VERSION} && git add {PYTHON_VERSION}, {seen.again}",
    )


def template_response(seen: Evidence) -> Cause | None:
    """`TemplateResponse(name, {"request": …})`, as it was written before Starlette 1.0."""
    if not all(words in seen.output for words in _TEMPLATE_RESPONSE):
        return None
    return Cause(
        "Starlette 1.0 takes the request first: `TemplateResponse(request, name)`.",
        f"change the code, or add starlette<1 to the dependencies, {seen.again}",
    )
