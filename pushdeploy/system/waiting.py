"""A program that is started before its stdin is known: it imports meanwhile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pushdeploy.system import bounded
from pushdeploy.system.command import OUTPUT_LIMIT, PIPE, Output, start, stop, text_of, too_long

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.system.command import Command, Process


class Waiting:
    """A program that was started and waits for its stdin."""

    def __init__(self, command: Command, child: Process) -> None:
        self._command = command
        self._child = child

    def finish(
        self,
        stdin: str,
        *,
        seconds: float,
        limit: int = OUTPUT_LIMIT,
        meanwhile: Callable[[], None] | None = None,
    ) -> Output:
        """Give it its stdin, wait to its end and keep the output, the last `limit` bytes of it.

        Args:
            stdin: less than a pipe holds (64 KiB, pipe(7)) when there is a `meanwhile`.
            seconds: the longest that it may take.
            limit: bytes of output.
            meanwhile: what to do while it works.

        Raises:
            CommandFailedError: it ran longer than `seconds` and was killed.
        """
        data = stdin.encode()
        if meanwhile is not None and self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # its exit status says more
                self._child.stdin.write(stdin.encode())
                self._child.stdin.close()
            self._child.stdin, data = None, b""
            meanwhile()
        try:
            outputs = bounded.collect(self._child, data, seconds=seconds, limit=limit)
        finally:
            stop(self._child)
        if outputs is None:
            raise too_long(self._command, seconds)
        return Output(
            self._child.returncode, text_of(outputs[0], limit), text_of(outputs[1], limit)
        )


def start_waiting(command: Command) -> Waiting:
    """Start a program now whose stdin comes later.

    Raises:
        UnavailableError: there is no such program.
    """
    pipe = PIPE
    child = start(command, stdin=pipe, stdout=pipe, stderr=pipe, new_session=True)
    return Waiting(command, child)
