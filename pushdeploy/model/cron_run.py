"""How the runs of a job ended: JSON lines that its unit appends to a file.

    {"run": "0f3a…", "began": 1764471600.123456}
    {"run": "0f3a…", "ended": 1764471602.654321, "result": "exit-code", "status": "3"}

`result` and `status` are systemd's `$SERVICE_RESULT` and `$EXIT_STATUS` (systemd.exec(5)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEPT_RUNS = 100
SUCCESS = "success"

SAID = {
    SUCCESS: "ok",
    "core-dump": "killed by {}",
    "exit-code": "failed with status {}",
    "oom-kill": "killed: out of memory",
    "signal": "killed by {}",
    "timeout": "stopped: it ran too long",
}
"""systemd's words for how a service ended, and ours; `{}` is the status."""


@dataclass(frozen=True, slots=True)
class CronRun:
    """One run."""

    id: str
    """systemd's id of the run, under which the journal has its output."""
    began: float
    """Epoch seconds."""
    ended: float | None = None
    result: str = ""
    """`success`, `exit-code`, `timeout`, …: systemd's word; empty while there is no end."""
    status: str = ""
    """`3`, or the signal that ended it: `TERM`."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.result == SUCCESS

    def said(self, *, running: bool) -> str:
        """`ok`, `failed with status 3`; `running` tells whether the job runs now."""
        if self.ended is None:
            return "running" if running else "cut off"
        return SAID.get(self.result, self.result).format(self.status)


def ended_record(run: str, at: float, status: int) -> dict[str, object]:
    """The line of the end of a run that was asked for by hand; 128 + N is signal N."""
    result = SUCCESS if status == 0 else "exit-code"
    return {"run": run, "ended": at, "result": result, "status": str(status)}


def parse_runs(records: Iterable[Mapping[str, object]]) -> list[CronRun]:
    """The runs, oldest first; an end without a beginning counts for nothing."""
    found: dict[str, CronRun] = {}
    for record in records:
        run, began, ended = str(record.get("run")), record.get("began"), record.get("ended")
        if isinstance(began, int | float):
            found[run] = CronRun(run, float(began))
        elif isinstance(ended, int | float) and run in found:
            result, status = str(record.get("result", "")), str(record.get("status", ""))
            found[run] = replace(found[run], ended=float(ended), result=result, status=status)
    return list(found.values())
