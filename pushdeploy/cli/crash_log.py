"""Where the traceback of our own bugs is kept, so that the person need not read it."""

from __future__ import annotations

import os
import syslog
import traceback
from pathlib import Path

from pushdeploy.cli.engine_link import embedded_root, socket_of
from pushdeploy.model.layout import SERVER

JOURNAL = Path("/run/systemd/journal")


def keep(error: BaseException) -> str:
    """Keep the traceback; returns the command that shows it."""
    text = "".join(traceback.format_exception(error))
    if socket_of(SERVER).exists() and embedded_root() is None and JOURNAL.is_dir():
        syslog.openlog("pushdeploy")
        for line in text.splitlines():
            syslog.syslog(syslog.LOG_ERR, line)
        return "journalctl -t pushdeploy -n 50"
    path = _folder() / "failed.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as failure:
        return f"the traceback could not be kept in {path}: {failure.strerror}"
    return f"cat {path}"


def _folder() -> Path:
    root = embedded_root()
    if root is not None:
        return root / "log"
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "pushdeploy"
