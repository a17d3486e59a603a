"""Runs `manage.py collectstatic --noinput`, then says where Django's settings have the files.

Run by the app's own Python, of whatever version, in the code's folder; the argument is the
`manage.py`. One process does both, since importing a project takes a second or more.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

MARK = "\x1e"


def main() -> int | None:
    """Run as `python manage.py` would; a traceback begins in the project's own file."""
    manage = sys.argv[1]
    sys.argv = [manage, "collectstatic", "--noinput"]
    sys.path[0] = os.path.dirname(os.path.abspath(manage))
    import json
    import runpy
    import traceback

    try:
        status: str | int | None = 0
        runpy.run_path(manage, run_name="__main__")
    except SystemExit as end:
        status = end.code
    except BaseException as error:
        traceback.print_exception(type(error), error, _from(error.__traceback__, manage))
        status = 1
    sys.stderr.flush()
    sys.stdout.flush()
    if status in (0, None):
        static = _static()
        said = {"absent": True} if static is None else {"static": static}
        sys.stdout.write("\n" + MARK + json.dumps(said) + "\n")
    elif _absent():
        sys.stdout.write("\n" + MARK + json.dumps({"absent": True}) + "\n")
        status = 0
    sys.stdout.flush()
    if isinstance(status, str):  # what `sys.exit` does with words
        sys.stderr.write(status + "\n")
        status = 1
    return status


def _from(found: TracebackType | None, manage: str) -> TracebackType | None:
    """The part of a traceback from this file on."""
    part = found
    while part is not None:
        if os.path.basename(part.tb_frame.f_code.co_filename) == os.path.basename(manage):
            return part
        part = part.tb_next
    return found


def _static() -> list[str] | None:
    """Where the files are, by URL and folder; None when the manage.py set nothing up."""
    from django.conf import settings

    if not settings.configured:
        return None
    return [str(settings.STATIC_URL or ""), str(settings.STATIC_ROOT or "")]


def _absent() -> bool:
    """True when Django was set up, and has no `collectstatic`."""
    try:
        from django.apps import apps
        from django.conf import settings

        return (
            settings.configured
            and apps.ready
            and not apps.is_installed("django.contrib.staticfiles")
        )
    except Exception:
        return False


if __name__ == "__main__":
    sys.exit(main())
