"""The installer's look around before it changes anything: said in one list, refused, or agreed to.

Runs from the checkout, before the tool has its packages: the standard library has to do.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, PushdeployError, UnavailableError, UsageError
from pushdeploy.install.findings import Finding, Kind, findings
from pushdeploy.install.steps import Steps
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.server_settings import ServerSettings
from pushdeploy.system import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushdeploy.install.wishes import Wishes

HIGHEST_PORT = 65535
WORD = "yes"


def check(wishes: Wishes, *, only: bool) -> None:
    """Look at everything, say it, and ask where something of others' would change.

    Args:
        wishes: the installer's options.
        only: change nothing afterwards either: `--check`.

    Raises:
        UsageError: an option can't be used, or nobody agreed.
        NotFoundError: an option names a file that is not there.
        UnavailableError: something is in the way.
    """
    steps = Steps()
    steps.say("-----> Looking at this server")
    usage, looked = list(bad_values(wishes)), list(findings(wishes))
    found = [one for kind in Kind for one in looked if one.kind is kind]
    for one in reversed(found):
        _show(steps, one)
    for error in usage:
        steps.warn(error.message, error.hint or "sudo ./installer.sh --help")
    blocking = [one for one in found if one.kind is Kind.IN_THE_WAY]
    if usage:
        missing = all(isinstance(error, NotFoundError) for error in usage)
        kind = NotFoundError if missing else UsageError
        raise kind(_nothing(len(usage) + len(blocking)), hint="sudo ./installer.sh --help")
    if blocking:
        raise UnavailableError(_nothing(len(blocking)), hint="then run the installer again")
    if not found:
        steps.detail("nothing is in the way, and nothing of others' is here")
    if only and any(one.kind is Kind.UNREADY for one in found):
        steps.result("It can be installed, and is not ready before that; nothing changed")
    elif only:
        steps.result("Nothing is in the way; nothing changed")
    elif any(one.kind is Kind.CHANGES for one in found) and not wishes.sure:
        _ask()


def _nothing(count: int) -> str:
    return f"{'one thing is' if count == 1 else f'{count} things are'} in the way; nothing changed"


def _show(steps: Steps, one: Finding) -> None:
    if one.kind is Kind.STAYS:
        steps.detail(one.text)
        if one.hint:
            steps.detail(f"  {one.hint}")
        return
    steps.warn(one.text, one.hint)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "what is marked above would change, and was not agreed to", hint="add --yes"
        )
    print(f"Type `{WORD}` to continue:  ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != WORD:
        raise UsageError("nothing changed", hint="sudo ./installer.sh --check")


def bad_values(wishes: Wishes) -> Iterator[PushdeployError]:
    """What the options hold that can never be right, with what to type instead."""
    options = {
        "--port": wishes.port,
        "--domain": wishes.domains,
        "--email": wishes.email,
        "--acme-server": wishes.acme_server,
    }
    for option, value in options.items():
        if value and wishes.app is None:
            shown = value[0] if isinstance(value, tuple) else value
            hint = f"sudo ./installer.sh --app blog {option} {shown}"
            yield UsageError(f"`{option}` needs an app", hint=hint)
    if wishes.port is not None and not 1 <= wishes.port <= HIGHEST_PORT:
        yield UsageError(f"`{wishes.port}` is not a port", hint="a port is a number up to 65535")
    known = ServerSettings()
    attempts: tuple[tuple[Callable[[], object], str | None], ...] = (
        (lambda: wishes.app is None or parse_app_name(wishes.app), None),
        (lambda: wishes.key is None or keys.read_key_file(wishes.key), None),
        (lambda: [parse_domain(name) for name in wishes.domains], "--domain blog.example.com"),
        (lambda: ServerSettings(wishes.email or known.email), "--email me@example.com"),
        (
            lambda: ServerSettings(known.email, wishes.acme_server or known.acme_server),
            "--acme-server https://acme.example.com/directory",
        ),
    )
    for attempt, example in attempts:
        try:
            attempt()
        except PushdeployError as error:
            # The commands that its hint may name are not there before the installer has run.
            typed = example and f"sudo ./installer.sh --app {wishes.app or 'blog'} {example}"
            yield UsageError(error.message, hint=typed) if typed else error
