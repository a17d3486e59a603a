"""Figures as they come in, and the table of their medians, as Markdown and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(slots=True)
class Figure:
    """One thing that was measured several times."""

    measure: str
    side: str
    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    goal: str = ""

    @property
    def median(self) -> float:
        """Half of the values lie below."""
        return median(self.values)

    def row(self) -> str:
        """A row of the table."""
        low, high = min(self.values), max(self.values)
        cells = (
            *(self.side, self.name, shown(self.median, self.unit)),
            f"{shown(low, self.unit)} to {shown(high, self.unit)}",
            *(str(len(self.values)), self.goal),
        )
        return f"| {' | '.join(cells)} |"

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "measure": self.measure,
            "side": self.side,
            "figure": self.name,
            "unit": self.unit,
            "median": round(self.median, 4),
            "values": [round(value, 4) for value in self.values],
            "goal": self.goal,
        }


class Book:
    """All figures of a run."""

    def __init__(self) -> None:
        self._figures: dict[tuple[str, str, str], Figure] = {}
        self._commands: dict[str, list[str]] = {}
        self.facts: dict[str, str] = {}

    def add(
        self, measure: str, side: str, name: str, value: float, *, unit: str = "s", goal: str = ""
    ) -> None:
        """One more value."""
        made = Figure(measure, side, name, unit, goal=goal)
        self._figures.setdefault((measure, side, name), made).values.append(value)

    @property
    def figures(self) -> list[Figure]:
        """All, in the order in which they were first seen."""
        return list(self._figures.values())

    def command(self, measure: str, *lines: str) -> None:
        """What was run for a measure."""
        self._commands[measure] = list(lines)

    def markdown(self) -> str:
        """The whole report."""
        lines = ["# Bench", ""]
        lines += [f"- {name}: {text}" for name, text in self.facts.items()]
        for measure in dict.fromkeys(one.measure for one in self._figures.values()):
            lines += ["", *self._section(measure)]
        return "\n".join(lines) + "\n"

    def _section(self, measure: str) -> Sequence[str]:
        head = "| side | figure | median | least to most | runs | goal |"
        rows = [one.row() for one in self._figures.values() if one.measure == measure]
        commands = [f"    {line}" for line in self._commands.get(measure, [])]
        return [f"## {measure}", "", head, "|---|---|---|---|---|---|", *rows, "", *commands]

    def save(self, folder: Path) -> None:
        """Write `bench.md` and `bench.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bench.md").write_text(self.markdown())
        record = {
            "facts": self.facts,
            "commands": self._commands,
            "figures": [one.record() for one in self._figures.values()],
        }
        (folder / "bench.json").write_text(json.dumps(record, indent=1) + "\n")


def shown(value: float, unit: str) -> str:
    """Short, with its unit."""
    if unit == "s":
        return f"{value:.2f} s"
    if unit == "ms":
        return f"{value:.1f} ms"
    if unit == "ratio":
        return f"{value:.2f} times"
    return f"{value:g}{' ' if unit else ''}{unit}"
