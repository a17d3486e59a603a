"""Messages and pages read as a native would write them, and quote each other truthfully."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
SHELL = (ROOT / "installer.sh", ROOT / "tool.sh")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
TROUBLES = ROOT / "docs" / "how-to" / "troubleshooting.md"

TRANSLATED = {
    r"\banew\b": "again",
    r"(?<=[a-z,;:] )mend(s|ed|ing)?\b": "fix",
    r"\b(it|that|which|what) is no (?!longer|more|less|better|reason|need)\w": "is not a",
    r"`[^`]*` is no (?!longer)\w": "is not a",
    r"\bno longer\.(?=[\"'|]|$)": "Stop …, Remove …",
    r"\bthe most is\b": "the maximum is",
    r"\bit is so already\b|\balready so\b": "no change",
    r"\bneeds a yes\b|\bsays? yes\b": "must be confirmed",
    r"\bgoes on where it was\b": "continues where it stopped",
    r"\bbegun \S+ (s|m|h) ago\b": "started 3 s ago",
    r"\bcrash-loops since\b": "has been crash-looping for",
    r"\bchange it otherwise\b": "make a different change",
    r"\bis not there, and\b": "is not installed",
    r"\bstands above\b": "is above",
    r"\bset(s|ting)? (it|them|what \w+|owners?) right\b": "fix",
}
"""What a literal translation leaves behind, and what to write."""

FILLED_IN = re.compile(
    r"…|`[^`]*`|\bv?\d[\d.,:]*(?: GB)?|GET /:? |\b(?:blog|deploy|disabled)\b|Next: | / |instance/"
    r"|but it |which |ended|its [a-z, ]+…"
)
"""What differs from one message of a kind to the next."""

NOT_MESSAGES = {
    "What the last lines say",
    "502 from your own proxy",
    "Permission denied (publickey)",
    "The connection broke during the deploy",
}
"""Headings of the troubleshooting page that quote no message of ours."""


def strings(path: Path) -> Iterator[str]:
    """Every text of a module but its docstrings; `…` for what is filled in."""
    tree = ast.parse(path.read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            told |= {id(part) for part in node.values}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
        ):
            yield node.value


def test_no_hint_takes_main_for_every_app_s_deploy_branch() -> None:
    modules = [
        path
        for path in (ROOT / "pushdeploy").rglob("*.py")
        if path.parent.name != "demo"  # its story is of one branch
    ]

    guessing = [
        path.name for path in modules if "git push production main" in "".join(strings(path))
    ]

    assert guessing == []


@cache
def texts() -> Sequence[tuple[Path, str]]:
    """All that a person may read: messages, the installers' texts, and the pages."""
    modules = sorted((ROOT / "pushdeploy").rglob("*.py"))
    plain = [*SHELL, *sorted(PAGES), *sorted((ROOT / "templates" / "pages").iterdir())]
    return [
        *((path, "\n".join(strings(path))) for path in modules),
        *((path, path.read_text()) for path in plain),
    ]


@pytest.mark.parametrize("phrase", TRANSLATED)
def test_nothing_reads_like_a_translation(phrase: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]!r}"
        for path, text in texts()
        for match in re.finditer(phrase, text, re.MULTILINE)
    ]

    assert found == [], f"write: {TRANSLATED[phrase]}"


def test_the_messages_that_troubleshooting_quotes_exist() -> None:
    everything = "\n".join(text for path, text in texts() if path.suffix in {".py", ".sh"})
    headings = re.findall(r"^### (.+)$", TROUBLES.read_text(), re.MULTILINE)

    missing = [
        heading
        for heading in headings
        if heading not in NOT_MESSAGES and longest_fixed_part(heading) not in everything
    ]

    assert missing == []


def longest_fixed_part(heading: str) -> str:
    """The longest piece of a message in which nothing was filled in."""
    parts = [part.strip(" :/,") for part in FILLED_IN.split(heading)]
    return max(parts, key=len)
