"""structlog: the lines of an attempt's log, and what the engine's journal keeps.

It is imported when the first line is written, or ahead by `get_ready`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from pushdeploy.events import AttemptEnded, Event, Report, to_record
from pushdeploy.model.text import escaped_json

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from pathlib import Path


def get_ready() -> None:
    """Import structlog now, while there is time."""
    with _no_console():
        import structlog  # noqa: F401 - a query writes no line


def attempt_log(path: Path, *, app: str, attempt: int) -> Report:
    """Open a new log; the returned function writes one event and flushes it.

    What is there is overwritten: a follower would take another attempt's end for this one's.
    The event that ends the attempt is the last one.
    """
    get_ready()
    import structlog

    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o640)
    file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    logger = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
            _escaped,
        ],
        wrapper_class=structlog.BoundLogger,
    ).bind(app=app, attempt=attempt)

    def report(event: Event) -> None:
        record = to_record(event)
        with contextlib.suppress(OSError):  # a full disk must not stop what the event tells of
            logger.info(str(record.pop("event")), **record)
            if isinstance(event, AttemptEnded):
                file.close()

    return report


def note(app: str, did: str) -> None:
    """Have the engine's journal keep what nobody asked for."""
    _journal().warning(did, app=app)


def bug(error: BaseException) -> None:
    """Have the engine's journal keep the traceback of our own bug."""
    _journal().error("pushdeploy itself failed", exc_info=error)


def _journal() -> Any:
    """Writes to stderr, which systemd keeps."""
    get_ready()
    import structlog

    return structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[structlog.processors.format_exc_info, _as_text],
        wrapper_class=structlog.BoundLogger,
    )


def _as_text(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    """`blog: what was done`, and below it the traceback."""
    told = [f"{line['app']}: {line['event']}" if "app" in line else str(line["event"])]
    return "\n".join([*told, line["exception"]] if "exception" in line else told)


def _escaped(_logger: object, _method: str, line: Any) -> str:
    """What a terminal would act on, should somebody `cat` the file, written as JSON can."""
    return escaped_json(line)


@contextlib.contextmanager
def _no_console() -> Iterator[None]:
    """Have structlog find no rich, which only its console uses, by None in `sys.modules`.

    The import system knows that as "there is no such module". It saves 30 of 57 ms of
    the processor.
    """
    modules = cast("dict[str, Any]", sys.modules)
    modules.setdefault("rich", None)
    try:
        yield
    finally:
        if modules["rich"] is None:
            del modules["rich"]
