"""A worker of Celery that stays up without its queue is warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.events import Warned

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

CANNOT = (
    "[2026-11-30 03:30:17,750: ERROR/MainProcess] consumer: Cannot connect to "
    "amqp://guest:**@127.0.0.1:5672//: [Errno 111] Connection refused."
)
CELERY = "celery -A mysite worker"


@pytest.mark.parametrize(
    ("line", "printed", "warned"),
    [
        (CELERY, CANNOT, True),
        (CELERY, "celery@server ready.", False),
        ("python w.py", CANNOT, False),
    ],
    ids=["no queue", "a queue", "another worker"],
)
def test_a_celery_worker_without_its_queue_is_warned_of(
    machine: FakeMachine,
    line: str,
    printed: str,
    warned: bool,  # noqa: FBT001 - a column of the table
) -> None:
    machine.supervisor.printed["worker"] = [printed]

    ended = machine.push("one", f"web: gunicorn app:app\nworker: {line}\n")

    said = [event for event in machine.watching.events if isinstance(event, Warned)]
    assert ended.outcome == "live"
    assert [event.text.partition(".1 ")[2][:23] for event in said] == (
        ["can't reach its queue. "] if warned else []
    )
    assert all("config:set CELERY_BROKER_URL=" in (event.hint or "") for event in said)
