"""Asks the checkout worker: child processes that run as the user who owns repos and slugs.

Imports little: a push starts the first child before anything else is there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import UnavailableError
from pushdeploy.model.wire import read_error
from pushdeploy.system import failpoints
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.waiting import start_waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pushdeploy.system.waiting import Waiting

CHECKOUT_SECONDS = 300.0
"""A repo of hundreds of megabytes on a slow disk."""

LONGER = {"collect": 1800.0}
"""Packing a large repo, after everything else that the machine has to do."""

ANSWER_LIMIT = 16 << 20
"""Bytes: a Procfile, an app.json and all requirements files, as JSON (`model/tree.py`)."""

REFUSED = 3
"""Its exit status for a tree that can't be deployed."""


class CheckoutClient:
    """Asks child processes that run as the git user, one for each question.

    `prepare` starts the first one early: its imports take longer than its work.
    """

    def __init__(self, python: Path, user: str | None, engine_log: str) -> None:
        self._engine_log = engine_log
        self.meanwhile: Callable[[], None] | None = None
        """What the engine can do while the first child works."""
        self._command = Command(
            [str(python), "-I", "-m", "pushdeploy.programs.checkout_worker"],
            user=user,
            environment={
                "PATH": CLEAN_PATH,
                "LANG": "C.UTF-8",
                "HOME": "/nonexistent",
                **failpoints.asked(),
            },
        )
        self._waiting: Waiting | None = None

    def prepare(self) -> None:
        """Start a child that waits for its question."""
        self._waiting = self._waiting or start_waiting(self._command)

    def ask(self, verb: str, **request: Any) -> str:
        """Have a child do something; returns what it printed.

        Raises:
            PushdeployError: of the kind that the child raised.
        """
        self.prepare()
        waiting, self._waiting = self._waiting, None
        if waiting is None:  # pragma: no cover - `prepare` has just set it
            raise UnavailableError("no child process could be started", hint="free -m")
        question = json.dumps({"verb": verb, **request})
        meanwhile, self.meanwhile = self.meanwhile, None
        output = waiting.finish(
            question,
            seconds=LONGER.get(verb, CHECKOUT_SECONDS),
            limit=ANSWER_LIMIT,
            meanwhile=meanwhile,
        )
        if output.status == REFUSED:
            raise read_error(json.loads(output.stdout))
        if output.status != 0:
            last = (output.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            raise UnavailableError(
                f"the checkout failed with status {output.status}: {last}",
                hint=f"try again; {self._engine_log}",
            )
        return output.stdout
