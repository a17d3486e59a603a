"""A disk that takes nothing more: neither our bug nor an app's. Standard library only."""

from __future__ import annotations

import errno

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
BROKEN = (errno.EIO, errno.EROFS)


def refusal(error: BaseException) -> tuple[str, str] | None:
    """What is said of it, and the command that shows more; `None` for any other error."""
    if not isinstance(error, OSError) or error.errno not in ERRORS:
        return None
    where = f" at `{error.filename}`" if error.filename else ""
    if error.errno in BROKEN:
        return f"the server's disk reports an error{where}: {error.strerror}", "dmesg | tail; df -h"
    return f"the server's disk is full{where}", "df -h; df -i"
