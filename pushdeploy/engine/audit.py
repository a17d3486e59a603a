"""The attempt's log: structlog writes each event as one JSON line."""

from __future__ import annotations

import contextlib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from pushdeploy.events import AttemptEnded, Event, Report, to_record

if TYPE_CHECKING:
    from pathlib import Path

# What structlog imports for its console and for coroutines, of which the engine has neither: slow.
ASYNCIO = ModuleType("asyncio")
cast("dict[str, Any]", sys.modules).setdefault("rich", None)
sys.modules.setdefault("asyncio", ASYNCIO)
import structlog  # noqa: E402

if sys.modules["rich"] is None:
    del sys.modules["rich"]
if sys.modules["asyncio"] is ASYNCIO:
    del sys.modules["asyncio"]


def attempt_log(path: Path, *, app: str, attempt: int) -> Report:
    """Open a new log; the returned function writes one event and flushes it.

    What lies there is overwritten: who follows would take another attempt's end for this one's.
    The event that ends the attempt is the last one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o640)
    file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    logger = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
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
