"""What a program prints, piece by piece as it comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError
from pushdeploy.system import bounded
from pushdeploy.system.command import OUTPUT_LIMIT, PIPE, start, stop, text_of, too_long

if TYPE_CHECKING:
    from collections.abc import Generator

    from pushdeploy.system.command import Command


def pieces(
    command: Command, *, separator: bytes, seconds: float, longest: int
) -> Generator[str, None, None]:
    """What a program prints, piece by piece as it comes; whoever stops asking ends it.

    Args:
        command: the program.
        separator: what stands between two pieces.
        seconds: the longest that it may take.
        longest: bytes of one piece; a longer one ends it.

    Raises:
        CommandFailedError: it exited with another status than 0, or was ended.
        UnavailableError: there is no such program.
    """
    child = start(command, stdout=PIPE, stderr=PIPE, new_session=True)
    until = time.monotonic() + seconds
    try:
        if child.stdout is not None:
            for one in bounded.split(child.stdout, separator, longest):
                if time.monotonic() > until:
                    raise too_long(command, seconds)
                yield one.decode(errors="surrogateescape")
            child.stdout.close()
        outputs = bounded.collect(child, b"", seconds=until - time.monotonic(), limit=OUTPUT_LIMIT)
        if child.returncode != 0:
            said = text_of(outputs[1]).strip() if outputs else ""
            raise CommandFailedError(
                f"`{command.argv[0]}` failed with status {child.returncode}: {said}",
                status=child.returncode or 1,
                output=said,
            )
    finally:
        stop(child)
