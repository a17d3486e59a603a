"""The tables of `docs/explanation/reliability.md`, from what pytest's --junitxml has written.

    tests/run --slow tests/host/test_points_*.py --junitxml=points.xml
    python tests/failpoints/table.py points.xml

Of several files the later one counts, where both have run a pair.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from pushdeploy.system.failpoints import Point

# A test's name, and what its table is called.
FLOWS = {
    "test_a_deploy_survives": "A deploy",
    "test_a_rollback_survives": "A rollback to a release that does not run",
    "test_a_deploy_that_is_taken_back_survives": "A deploy that is taken back",
    "test_a_reconcile_survives": "Reconcile, after a deploy that was killed",
    "test_a_boot_survives": "A boot",
    "test_a_repair_survives": "Reconcile, of an app that answers nobody",
    "test_a_change_of_a_site_survives": "A change of a site",
    "test_the_removal_of_a_site_survives": "The removal of a site",
    "test_a_change_of_a_certificate_survives": "A change of a certificate",
    "test_the_asking_for_a_certificate_survives": "A certificate from an ACME server",
}
FAULTS = (
    *("engine", "group", "child", "hook", "client", "reboot", "power"),
    *("full", "inodes", "error", "disk"),
)
RANDOM = "test_kills_at_random"
PAIR = re.compile(r"(test_\w+)\[([a-z_.]+)-([a-z]+)\]")
PASSED, FAILED, NOT_RUN = "yes", "**no**", " "


@dataclass
class Results:
    """What came of each pair of a flow, and why some were not tried."""

    cells: dict[tuple[str, str, str], str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def add(self, case: ET.Element) -> None:
        """Take up one test, if it is one of a pair."""
        found = PAIR.fullmatch(case.get("name", ""))
        if found is None or found[1] not in FLOWS:
            return
        key = (found[1], found[2], found[3])
        skipped = case.find("skipped")
        if skipped is not None:
            self.cells[key] = self._note(skipped.get("message", ""))
        elif case.find("failure") is not None or case.find("error") is not None:
            self.cells[key] = FAILED
        else:
            self.cells[key] = PASSED

    def _note(self, reason: str) -> str:
        if reason not in self.reasons:
            self.reasons.append(reason)
        return f"({self.reasons.index(reason) + 1})"

    def count(self, what: str) -> int:
        """How many pairs came to this."""
        return sum(cell == what for cell in self.cells.values())

    def table(self, flow: str) -> list[str]:
        """One flow's table: a line for each point, in their order."""
        cells = {key[1:]: cell for key, cell in self.cells.items() if key[0] == flow}
        points = [str(point) for point in Point if any(one == point for one, _ in cells)]
        faults = [one for one in FAULTS if any(fault == one for _, fault in cells)]
        lines = [f"| point | {' | '.join(faults)} |", "|---" * (len(faults) + 1) + "|"]
        for point in points:
            row = [cells.get((point, fault), NOT_RUN) for fault in faults]
            lines.append(f"| `{point}` | {' | '.join(row)} |")
        return lines


def at_random(cases: list[ET.Element]) -> list[str]:
    """What the rounds with kills at random instants have done, summed up."""
    seeds, sums = [], Counter[str]()
    for case in cases:
        if not case.get("name", "").startswith(RANDOM) or case.find("failure") is not None:
            continue
        for one in case.iter("property"):
            name, value = one.get("name", ""), int(one.get("value", 0))
            if name == "seed":
                seeds.append(str(value))
            else:
                sums[name] += value
    lines = [f"| {name} | {value:,} |" for name, value in sums.items()]
    return ["| at random | |", "|---|---|", *lines, f"| seeds | {', '.join(seeds)} |", ""]


def main(paths: list[str]) -> None:
    """Print the tables as Markdown."""
    results = Results()
    trees = [ET.parse(Path(path)) for path in paths]  # noqa: S314 - of our own pytest
    cases = [case for tree in trees for case in tree.iter("testcase")]
    for case in cases:
        results.add(case)
    skipped = len(results.cells) - results.count(PASSED) - results.count(FAILED)
    said = f"{results.count(PASSED)} pairs passed, {results.count(FAILED)} failed"
    lines = [f"{said}, {skipped} make no sense.", ""]
    for flow, title in FLOWS.items():
        if any(key[0] == flow for key in results.cells):
            lines += [f"### {title}", "", *results.table(flow), ""]
    lines += [f"({number}) {reason}.  " for number, reason in enumerate(results.reasons, 1)]
    sys.stdout.write("\n".join([*lines, "", *at_random(cases)]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
