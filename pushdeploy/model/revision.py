"""What a person writes to name a commit: a branch, a tag or an id, and a step back from it."""

from __future__ import annotations

import re

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

LONGEST_REVISION = 250
"""Characters: a ref is a file's name, and a few steps back may follow."""

_STEPS = r"(?:~[0-9]*|\^[0-9]*|\^\{(?:commit|tag)?\})*"
_NAME = r"(?:@|[^\x00-\x20\x7f~^:?*\[\\@{}-][^\x00-\x20\x7f~^:?*\[\\{}]*)"
_REVISION = re.compile(_NAME + _STEPS)
"""gitrevisions(7), of which this much makes sense in a repo without a history of its own."""

_PLAIN = re.compile(r"[\w./@{}~^+-]+", re.ASCII)
"""What can stand in a hint between single quotes."""


_OTHERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r".*\.\..*", re.DOTALL), "is a range, and one commit is deployed"),
    (
        re.compile(r":/.*|[^/]*\^\{/.*", re.DOTALL),
        "is a search, and may find another commit tomorrow",
    ),
    (re.compile(r"[^{]*\^\{.*", re.DOTALL), "is not a commit"),
    (re.compile(r".*:.*", re.DOTALL), "is a file of a commit, and a whole commit is deployed"),
    (re.compile(r".*", re.DOTALL), "is not a branch, a tag or a commit"),
)
"""Other words of git, and what is said of them; the first that matches counts."""


def parse_revision(text: str, app: str) -> str:
    """The text itself, when it can name a commit; whether it does is for git to say.

    Args:
        text: a branch, a tag, an id or the beginning of one, `HEAD`; `~2` and `^` may follow.
        app: which a hint names.

    Raises:
        UsageError: It asks for something else, or is not a revision at all.
    """
    if not text:
        raise UsageError("`` names nothing", hint=f"pushdeploy deploy --app {app}")
    if len(text) <= LONGEST_REVISION and _REVISION.fullmatch(text) and ".." not in text:
        return text
    why, hint = _fault(text), f"name one commit: pushdeploy deploy main --app {app}"
    if "@{" in text and _PLAIN.fullmatch(text):
        hint = f"in your checkout, `git rev-parse '{text}'` prints the id to deploy"
    raise UsageError(f"{quoted(text)} {why}", hint=hint)


def _fault(text: str) -> str:
    if len(text) > LONGEST_REVISION:
        return f"has more than {LONGEST_REVISION} characters"
    if "@{" in text:
        return "is known only to your own checkout"
    return next(why for pattern, why in _OTHERS if pattern.fullmatch(text))
